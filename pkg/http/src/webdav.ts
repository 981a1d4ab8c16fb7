import type { Exchange } from './exchange.ts';

/** What there is at a path, as WebDAV wants to know it. */
export interface Resource {
  /** Undefined for a folder. */
  readonly sizeBytes: number | undefined;
  /** Milliseconds since the epoch. */
  readonly putMs: number;
}

export const folder: Resource = { sizeBytes: undefined, putMs: 0 };

/** Answers PROPFIND of depth 0 (RFC 4918, section 9.1), all properties whatever was asked; folders are not listed. */
export function multiStatus(exchange: Exchange, { sizeBytes, putMs }: Resource): void {
  const { segments, isFolder } = exchange.target;
  const href = escaped(`/${segments.map(encodeURIComponent).join('/')}${isFolder && segments.length > 0 ? '/' : ''}`);
  const kind =
    sizeBytes === undefined
      ? '<D:resourcetype><D:collection/></D:resourcetype>'
      : `<D:resourcetype/><D:getcontentlength>${sizeBytes}</D:getcontentlength>`;
  const modified = new Date(putMs).toUTCString();
  const body = `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>${href}</D:href><D:propstat><D:prop>${kind}<D:getlastmodified>${modified}</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>
`;
  const headers = { 'content-type': 'application/xml; charset=utf-8', 'content-length': Buffer.byteLength(body) };
  exchange.response.writeHead(207, headers).end(body);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
