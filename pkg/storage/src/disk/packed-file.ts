import { constants, type ZstdOptions, zstdCompress, zstdDecompress } from 'node:zlib';
import { Failure } from '@gorego/errors';
import type { DiskFile } from '@gorego/platform';

/** How much of a blob each frame holds: what a read from the middle unpacks at most in vain. */
export const frameContentBytes: number = 256 * 1024;

/** Of how many bytes which frame is. */
export interface Frame {
  readonly offset: number;
  readonly bytes: number;
  readonly contentOffset: number;
  readonly contentBytes: number;
}

/**
 * A blob as zstd frames of equal content, and a table of them at the end: the seekable format that zstd's own tools know,
 * and that any other takes for zstd with a frame to skip.
 */
export const PackedFile = {
  /** The table, as it stands at the end. */
  table(frames: readonly Frame[]): Buffer {
    const entriesBytes = frames.length * entryBytes;
    const table = Buffer.alloc(8 + entriesBytes + footerBytes);
    table.writeUInt32LE(skippableMagic, 0);
    table.writeUInt32LE(entriesBytes + footerBytes, 4);
    frames.forEach(({ bytes, contentBytes }, i) => {
      table.writeUInt32LE(bytes, 8 + i * entryBytes);
      table.writeUInt32LE(contentBytes, 12 + i * entryBytes);
    });
    table.writeUInt32LE(frames.length, 8 + entriesBytes);
    table.writeUInt32LE(tableMagic, 8 + entriesBytes + 5);
    return table;
  },

  /** The frames of a file of that many bytes; `data_loss` if it is no such file of so much content. */
  async frames(file: DiskFile, sizeBytes: number, contentBytes: number): Promise<readonly Frame[]> {
    const frames = await framesIn(file, sizeBytes, contentBytes);
    if (frames === undefined)
      throw new Failure('data_loss', `a file of ${sizeBytes} bytes holds no zstd frames of ${contentBytes}`);
    return frames;
  },

  /** Reads one frame's content. `data_loss` for what is none. */
  async content(file: DiskFile, { offset, bytes, contentBytes }: Frame): Promise<Uint8Array> {
    const frame = Buffer.allocUnsafeSlow(bytes);
    const count = await file.read(frame, offset);
    return await PackedFile.unpack(frame.subarray(0, count), contentBytes);
  },

  pack(content: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      zstdCompress(content, options, (error, frame) => (error === null ? resolve(frame) : reject(Failure.from(error))));
    });
  },

  /** `data_loss` for what is no frame of so much content. */
  unpack(frame: Uint8Array, contentBytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      zstdDecompress(frame, { maxOutputLength: contentBytes }, (error, content) => {
        if (error === null && content.byteLength === contentBytes) resolve(content);
        else reject(new Failure('data_loss', `${frame.byteLength} bytes are no zstd frame of ${contentBytes}`));
      });
    });
  },
} as const;

async function framesIn(
  file: DiskFile,
  sizeBytes: number,
  contentBytes: number,
): Promise<readonly Frame[] | undefined> {
  // As many frames as it takes: where the table begins need not be looked for.
  const count = Math.ceil(contentBytes / frameContentBytes);
  const tableBytes = 8 + count * entryBytes + footerBytes;
  const table = Buffer.alloc(tableBytes);
  if (sizeBytes < tableBytes || (await file.read(table, sizeBytes - tableBytes)) < tableBytes) return undefined;
  const isTable =
    table.readUInt32LE(tableBytes - footerBytes) === count && table.readUInt32LE(tableBytes - 4) === tableMagic;
  if (!isTable) return undefined;
  const frames: Frame[] = [];
  let [offset, contentOffset] = [0, 0];
  for (let at = 8; at < tableBytes - footerBytes; at += entryBytes) {
    const frame = { offset, bytes: table.readUInt32LE(at), contentOffset, contentBytes: table.readUInt32LE(at + 4) };
    frames.push(frame);
    offset += frame.bytes;
    contentOffset += frame.contentBytes;
  }
  const isWhole = offset + tableBytes === sizeBytes && contentOffset === contentBytes;
  return isWhole && frames.every((frame) => frame.contentBytes <= frameContentBytes) ? frames : undefined;
}

const options: ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const entryBytes = 8;
const footerBytes = 9;
const skippableMagic = 0x184d2a5e;
const tableMagic = 0x8f92eab1;

/** The same bytes in pieces of `frameContentBytes`, but for the last. */
export async function* inFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gathered = Buffer.allocUnsafeSlow(frameContentBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const count = Math.min(chunk.byteLength - at, frameContentBytes - filled);
      gathered.set(chunk.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled < frameContentBytes) continue;
      yield gathered;
      gathered = Buffer.allocUnsafeSlow(frameContentBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield gathered.subarray(0, filled);
}
