import type { Failure } from '@gorego/errors';

/** What Linux says when a file can't be read, be it asked again or by others. */
const errnos = new Set(['EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'ENXIO', 'EBADMSG', 'EUCLEAN']);

/**
 * Is it the file itself that a Disk failed to open or read? Then it may be taken away, which for a lack of handles, memory or
 * space would be wrong: the same file can be read a moment later.
 */
export function isUnreadable({ cause }: Failure): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && errnos.has(String(cause.code));
}
