import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Half of what V8 lets young buffers come to before it looks after them by itself. */
const collectedBytes = 16 * 1024 * 1024;

let madeBytes = 0;
let collect: (() => void) | undefined;

/**
 * Has buffers that are garbage collected while they are young; for a program to say once, at its start. Its heap may
 * then grow to four times what is in use of it before all of it is looked through.
 *
 * V8 adds the memory of buffers to its heap when it asks itself whether that has grown too much. Of a heap of 15 MiB it
 * found so for every dozen MiB of blobs that went by, and looked through everything it has: a third of what a server
 * that takes blobs did. To collect what is young takes half a millisecond for 16 MiB of buffers
 * (docs/decisions/0019).
 */
export function collectYoungBuffers(): void {
  setFlagsFromString('--heap-growing-percent=300');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  collect = () => gc({ type: 'minor' });
}

/** Tells that buffers of so many bytes were made that nobody needs for long. */
export function madeBuffers(bytes: number): void {
  if (collect === undefined) return; // It isn't known whether the program wants that.
  madeBytes += bytes;
  if (madeBytes < collectedBytes) return;
  madeBytes = 0;
  collect();
}
