import type { Context } from '@gorego/context';

/** A call as its handler sees it: a context that ends when the client leaves or its deadline passes, and its headers. */
export interface Call extends Context {
  readonly headers: Headers;
}

/** Request metadata. Names are lower-case; `-bin` headers are already decoded from base64. */
export interface Headers {
  /** The first value of a header of text. */
  text(name: string): string | undefined;
  /** The first value of a `-bin` header. */
  binary(name: string): Uint8Array | undefined;
}
