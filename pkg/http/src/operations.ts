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
 * the text says what is degraded). False for any other path, which is then left to others.
 */
export function operations({ metrics, readiness }: Operations): HttpHandler {
  return async (request, response) => {
    const path = request.url?.split('?')[0];
    const isMetrics = path === '/metrics' && metrics !== undefined;
    if (!isMetrics && path !== '/healthz' && path !== '/readyz') return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (isMetrics) {
      const { contentType, body } = await metrics();
      response.writeHead(200, { 'content-type': contentType }).end(body);
    } else if (path === '/healthz') {
      response.writeHead(200, text).end('alive\n');
    } else {
      const { isReady, message } = readiness();
      response.writeHead(isReady ? 200 : 503, text).end(`${message}\n`);
    }
    return true;
  };
}

const text = { 'content-type': 'text/plain; charset=utf-8' };
