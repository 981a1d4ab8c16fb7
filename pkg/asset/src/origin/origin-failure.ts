import { type Code, Failure } from '@gorego/errors';

/**
 * What an origin did, or what we will not ask of it: told inside an answer, not as the call's own status (Remote Asset
 * API, `FetchBlobResponse.status`).
 */
export class OriginFailure extends Failure {
  /** The URI of the request that this is about; undefined while nobody said. */
  readonly uri: string | undefined;

  constructor(code: Code, message: string, options?: ErrorOptions & { readonly uri?: string | undefined }) {
    super(code, message, options);
    this.uri = options?.uri;
  }

  static of(reason: Failure): OriginFailure {
    return reason instanceof OriginFailure ? reason : new OriginFailure(reason.code, reason.message, { cause: reason });
  }

  from(uri: string): OriginFailure {
    return new OriginFailure(this.code, this.message, { cause: this, uri });
  }

  /** The same, with what else was tried. */
  beside(all: readonly OriginFailure[]): OriginFailure {
    return new OriginFailure(this.code, all.map(({ message }) => message).join('; '), { cause: this, uri: this.uri });
  }
}
