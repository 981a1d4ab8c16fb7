import type { Chunker } from './chunker.ts';

/**
 * Cuts a blob that comes in pieces of any size. The chunks, one after another, are the blob; each is a view that is good
 * until the next is asked for. Holds twice the chunker's window in memory.
 */
export async function* chunksOf(
  chunker: Chunker,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { windowBytes } = chunker;
  const cutter = chunker.begin();
  const buffer = new Uint8Array(2 * windowBytes);
  let start = 0;
  let end = 0;
  const next = (): Uint8Array => {
    const rest = buffer.subarray(start, end);
    const size = cutter.next(rest);
    start += size;
    return rest.subarray(0, size);
  };
  for await (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; ) {
      if (end === buffer.byteLength) {
        buffer.copyWithin(0, start, end);
        end -= start;
        start = 0;
      }
      const part = piece.subarray(at, at + buffer.byteLength - end);
      buffer.set(part, end);
      at += part.byteLength;
      end += part.byteLength;
      while (end - start >= windowBytes) yield next();
    }
  }
  while (start < end) yield next();
}
