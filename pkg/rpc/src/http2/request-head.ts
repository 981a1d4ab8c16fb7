import type { HeaderField } from './hpack/header-decoder.ts';

/** A request, as its first header block tells it. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** What its body will have, if that was said. */
  readonly contentBytes: number | undefined;
  /** All its fields, the pseudo-header ones first. */
  readonly fields: readonly HeaderField[];
}

const pseudoFields = [':method', ':scheme', ':path', ':authority'];

/** The request that fields make; undefined if they are malformed (RFC 9113, section 8.3.1). */
export function requestHeadOf(fields: readonly HeaderField[]): RequestHead | undefined {
  const pseudo: Record<string, string | undefined> = {};
  let contentBytes: number | undefined;
  let hasOrdinary = false;
  for (const { name, value, isWellFormed } of fields) {
    if (!isWellFormed) return undefined;
    if (!name.startsWith(':')) hasOrdinary = true;
    else if (hasOrdinary || !pseudoFields.includes(name) || pseudo[name] !== undefined) return undefined;
    else pseudo[name] = value;
    if (name !== 'content-length') continue;
    if (!/^[0-9]{1,15}$/.test(value) || (contentBytes ?? Number(value)) !== Number(value)) return undefined;
    contentBytes = Number(value);
  }
  const { ':method': method, ':scheme': scheme, ':path': path } = pseudo;
  if (method === undefined || scheme === undefined || path === undefined || path === '') return undefined;
  return { method, path, contentBytes, fields };
}

/** Whether fields may end a request: nothing malformed, and none of those that begin one. */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(({ name, isWellFormed }) => isWellFormed && !name.startsWith(':'));
}
