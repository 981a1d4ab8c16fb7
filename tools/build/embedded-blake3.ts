import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset } from 'node:sea';
import type { NativeBlake3 } from '../../pkg/digest/src/native-blake3.ts';

/** What the executable carries the machine code under. */
export const blake3Asset = 'blake3.node';

/**
 * In place of `pkg/digest/src/native-blake3.ts` in the single executable file: machine code can be loaded from files alone,
 * so it is one for as long as that takes. Throws where the temporary directory can't be written or holds nothing that runs.
 */
export function loadNativeBlake3(): NativeBlake3 {
  const directory = mkdtempSync(join(tmpdir(), 'gorego-'));
  try {
    const file = join(directory, blake3Asset);
    writeFileSync(file, new Uint8Array(getRawAsset(blake3Asset)));
    const loaded = { exports: {} as NativeBlake3 };
    process.dlopen(loaded, file);
    return loaded.exports;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
