import type { Code } from './code.ts';

/** What a program may want to know of a failure: an encoded message and its type, as in google.protobuf.Any. */
export interface Detail {
  /** `type.googleapis.com/…`. */
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** Something the world did: expected, named, answered. A bug is an AssertionError instead. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: Code;
  /** For the caller, beside the message. */
  readonly details: readonly Detail[];

  constructor(code: Code, message: string, options?: ErrorOptions & { readonly details?: readonly Detail[] }) {
    super(message, options);
    this.code = code;
    this.details = options?.details ?? [];
  }

  /** The same failure, told by whoever was speaking to it: `upstream: connection reset`. */
  within(where: string): Failure {
    return new Failure(this.code, `${where}: ${this.message}`, { cause: this, details: this.details });
  }

  /**
   * Names whatever foreign code threw, by its `name` or its errno. Only edges that call foreign code need this; what
   * it does not know becomes `unknown`, so a bug of ours must not come this way.
   */
  static from(reason: unknown): Failure {
    if (reason instanceof Failure) return reason;
    if (!Error.isError(reason)) return new Failure('unknown', String(reason));
    const code = codeByErrorName.get(reason.name) ?? codeByErrno.get(errnoOf(reason)) ?? 'unknown';
    return new Failure(code, reason.message, { cause: reason });
  }
}

/** Could the same call, repeated unchanged, reasonably end differently? */
export function isTransient(failure: Failure): boolean {
  return failure.code === 'unavailable' || failure.code === 'aborted' || failure.code === 'resource_exhausted';
}

const codeByErrorName: ReadonlyMap<string, Code> = new Map([
  ['AbortError', 'cancelled'],
  ['TimeoutError', 'deadline_exceeded'],
]);

const codeByErrno: ReadonlyMap<string, Code> = new Map([
  ['EACCES', 'permission_denied'],
  ['EPERM', 'permission_denied'],
  ['EROFS', 'permission_denied'],
  ['ENOENT', 'not_found'],
  ['EDQUOT', 'resource_exhausted'],
  ['EMFILE', 'resource_exhausted'],
  ['ENFILE', 'resource_exhausted'],
  ['ENOMEM', 'resource_exhausted'],
  ['ENOSPC', 'resource_exhausted'],
  ['ECONNREFUSED', 'unavailable'],
  ['ECONNRESET', 'unavailable'],
  ['EHOSTUNREACH', 'unavailable'],
  ['ENETUNREACH', 'unavailable'],
  ['ENOTFOUND', 'unavailable'],
  ['EPIPE', 'unavailable'],
  ['ETIMEDOUT', 'unavailable'],
  ['EIO', 'internal'],
]);

function errnoOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
