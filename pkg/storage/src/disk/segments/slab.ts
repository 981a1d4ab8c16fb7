/** What is made at once: making memory costs more than reading a small blob into it. */
const slabBytes = 256 * 1024;
/** What is larger has memory of its own. */
const sharedBytesMax = 16 * 1024;

let slab = Buffer.allocUnsafeSlow(slabBytes);
let taken = 0;

/** Memory for bytes that are about to be read, and soon forgotten: it is shared with others that come at the same time. */
export function memoryFor(bytes: number): Buffer {
  if (bytes > sharedBytesMax) return Buffer.allocUnsafeSlow(bytes);
  if (taken + bytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    taken = 0;
  }
  const memory = slab.subarray(taken, taken + bytes);
  taken += bytes;
  return memory;
}
