import { createRequire } from 'node:module';

/** What of `@napi-rs/blake-hash` is used. */
export interface NativeBlake3 {
  blake3(bytes: Uint8Array): Buffer;
  readonly Blake3Hasher: new () => {
    update(bytes: Uint8Array): unknown;
    digest(encoding: 'hex'): string;
  };
}

/**
 * Loads machine code for this machine. Throws where there is none. The single executable file has another module in this
 * one's place, `tools/build/embedded-blake3.ts`.
 */
export function loadNativeBlake3(): NativeBlake3 {
  return createRequire(import.meta.url)('@napi-rs/blake-hash') as NativeBlake3;
}
