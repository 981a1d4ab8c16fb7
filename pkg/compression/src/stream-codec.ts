import type { Chunks, Codec, CodecName, Expected } from './codec.ts';
import type { CodecsMemory } from './context-memory.ts';
import { Count } from './count.ts';
import { Engine } from './engine.ts';
import type { Format } from './format.ts';

/** Up to so many bytes, doing it at once costs less than a context of its own and a thread of the pool. */
export const atOnceBytesMax: number = 128 * 1024;

/** In what pieces longer streams come out. */
const pieceBytes = 128 * 1024;

/** A format's codec: small blobs at once, others in pieces, with room in `memory` for what is kept between them. */
export class StreamCodec implements Codec {
  readonly name: CodecName;
  readonly #format: Format;
  readonly #memory: CodecsMemory;

  constructor(format: Format, memory: CodecsMemory) {
    this.name = format.name;
    this.#format = format;
    this.#memory = memory;
  }

  compressBytes(bytes: Uint8Array): Uint8Array {
    return this.#format.compress(bytes);
  }

  decompressBytes(bytes: Uint8Array, expected: Expected): Uint8Array {
    const count = new Count(this.name, expected);
    return this.#decompressAtOnce(count.in(bytes), count);
  }

  async *compress(chunks: Chunks, sizeBytes: number): AsyncGenerator<Uint8Array> {
    if (sizeBytes <= atOnceBytesMax) {
      yield this.compressBytes(joined(await Array.fromAsync(chunks)));
      return;
    }
    using room = this.#memory.compressing.room();
    const { canBeJoined, compressorBytes } = this.#format;
    if (!canBeJoined) room.grow(compressorBytes);
    if (room.tryGrow(compressorBytes)) yield* this.#compressAsOne(chunks, sizeBytes);
    else yield* this.#compressEach(chunks);
  }

  async *decompress(chunks: Chunks, expected: Expected): AsyncGenerator<Uint8Array> {
    const count = new Count(this.name, expected);
    if (expected.bytesMax <= atOnceBytesMax) {
      yield this.#decompressAtOnce(joined(await Array.fromAsync(count.allIn(chunks))), count);
      return;
    }
    const { decompressor, decompressorBytes, cut } = this.#format;
    using engine = new Engine(
      () => decompressor(pieceBytes),
      (reason) => count.failed(reason),
    );
    using room = this.#memory.decompressing.room();
    const input = cut((why) => count.refuse(why));
    for await (const chunk of count.allIn(chunks)) {
      for (const piece of input.pieces(chunk)) {
        room.grow(decompressorBytes + Math.min(input.windowBytes, expected.bytesMax));
        yield* count.allOut(engine.feed(piece));
      }
    }
    input.end();
    yield* count.allOut(engine.end());
    count.end();
  }

  async *#compressAsOne(chunks: Chunks, sizeBytes: number): AsyncGenerator<Uint8Array> {
    using engine = new Engine(
      () => this.#format.compressor(sizeBytes, pieceBytes),
      (reason) => {
        throw reason;
      },
    );
    for await (const chunk of chunks) yield* engine.feed(chunk);
    yield* engine.end();
  }

  /** Keeps nothing between pieces, so that any number of readers may stand still. */
  async *#compressEach(chunks: Chunks): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
        yield this.compressBytes(chunk.subarray(at, at + pieceBytes));
      }
    }
  }

  #decompressAtOnce(bytes: Uint8Array, count: Count): Uint8Array {
    const input = this.#format.cut((why) => count.refuse(why));
    const all: Uint8Array[] = [];
    for (const piece of input.pieces(bytes)) {
      all.push(count.out(this.#decompressPiece(piece, count)));
    }
    input.end();
    count.end();
    return joined(all);
  }

  #decompressPiece(piece: Uint8Array, count: Count): Uint8Array {
    const { leftBytes } = count;
    const chunkSize = Math.min(Math.max(leftBytes + 1, 64), 2 * pieceBytes); // One buffer of just the size, if it is small.
    try {
      return this.#format.decompress(piece, { maxOutputLength: Math.max(1, leftBytes), chunkSize });
    } catch (reason) {
      return count.failed(reason);
    }
  }
}

function joined(all: readonly Uint8Array[]): Uint8Array {
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all);
}
