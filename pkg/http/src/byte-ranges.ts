import type { Span } from '@gorego/storage';

/**
 * The bytes a Range header wants of `sizeBytes` (RFC 9110, section 14): undefined for all of them, which is also the
 * answer to what isn't understood, or wants several ranges; `none` if there are no such bytes.
 */
export function wantedSpan(header: string | undefined, sizeBytes: number): Span | 'none' | undefined {
  if (header === undefined) return undefined;
  const [, first = '', last = ''] = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const start = Math.max(0, sizeBytes - Number(last));
    return start === sizeBytes ? 'none' : { start, end: sizeBytes };
  }
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= sizeBytes) return 'none';
  return { start: Number(first), end: last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) };
}
