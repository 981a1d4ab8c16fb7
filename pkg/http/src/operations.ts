import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpHandler } from '@gorego/rpc';

/** What a person, a probe or Prometheus may ask over HTTP. */
export interface Operations {
  /** The text of all metrics; without it there are none to be had here. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** Whether new work should be sent here; what is wrong, if it should but not all is well. */
  readonly readiness: () => { readonly isReady: boolean; readonly message: string };
}

/**
 * Answers `/metrics`, `/healthz` (200 while the process lives) and `/readyz` (200 while it serves, 503 when it drains;
 * the text says what is degraded). Any other path is left to others.
 */
export function operations({ metrics, readiness }: Operations): HttpHandler {
  const answer = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/metrics' && metrics !== undefined) {
      const { contentType, body } = await metrics();
      response.writeHead(200, { 'content-type': contentType }).end(body);
    } else if (path === '/healthz') {
      response.writeHead(200, text).end('alive\n');
    } else {
      const { isReady, message } = readiness();
      response.writeHead(isReady ? 200 : 503, text).end(`${message}\n`);
    }
  };
  const paths = new Set(['/healthz', '/readyz', ...(metrics === undefined ? [] : ['/metrics'])]);
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    return paths.has(path) ? answer(path, request, response) : undefined;
  };
}

const text = { 'content-type': 'text/plain; charset=utf-8' };
