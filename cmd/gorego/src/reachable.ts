/** By what host somebody on this machine reaches whoever listens on `host`. */
export function reachable(host: string): string {
  return host === '::' || host === '0.0.0.0' ? 'localhost' : host;
}
