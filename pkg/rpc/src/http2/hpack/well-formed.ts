/** A token in lower case; a colon only in front, where pseudo-header fields have it. */
const name = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** No NUL, line feed or carriage return anywhere, and no blank at either end. */
const value = /^(?![\t ])[^\0\n\r]*(?<![\t ])$/;

/** Fields that are about an HTTP/1.1 connection. */
const connectionFields = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Whether HTTP/2 has such a field (RFC 9113, sections 8.2.1 and 8.2.2). */
export function isWellFormed(fieldName: string, fieldValue: string): boolean {
  if (!name.test(fieldName) || !value.test(fieldValue)) return false;
  return fieldName === 'te' ? fieldValue === 'trailers' : !connectionFields.has(fieldName);
}
