import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName, digestFunctions, type Hasher } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Disk, DiskFile, Random } from '@gorego/platform';
import { BlobReader } from '@gorego/storage';
import type { IntegrityFunction } from './request/integrity.ts';

/** What is smaller never touches the disk, and what is larger is written in pieces of about this. */
const memoryBytesMax = 1024 * 1024;
const readBytes = 256 * 1024;
/** Git hashes a blob's size before the blob; here it is known at the end. */
const sizeFirst: DigestFunctionName = 'gitsha1';

/** Bytes that are all here, and known by their hashes. Its owner disposes it. */
export interface Spooled extends AsyncDisposable {
  readonly sizeBytes: number;
  readonly digest: Digest;
  /** Its hash by each function that was asked for, in lower-case hex. */
  readonly hashes: ReadonlyMap<IntegrityFunction, string>;
  /** All the bytes; as often as one likes, until it is disposed. */
  open(): BlobReader;
  /** The bytes from `position` on, `length` of them or what there is. */
  read(position: number, length: number): Promise<Uint8Array>;
}

export interface SpoolInit {
  /** Where what is on its way may lie. Nothing in it outlives the process. */
  readonly disk: Disk;
  readonly folder: string;
  readonly random: Random;
}

export interface Filling {
  readonly functionName: DigestFunctionName;
  readonly hashes: readonly IntegrityFunction[];
  /** More bytes than these are refused, with what `tooMuch` makes. */
  readonly sizeMax: number;
  readonly tooMuch: () => Failure;
}

/** Where bytes of unknown name and size go until both are known: memory for a little, a file for more. */
export class Spool {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #random: Random;

  private constructor({ disk, folder, random }: SpoolInit) {
    this.#disk = disk;
    this.#folder = folder;
    this.#random = random;
  }

  /** Makes the folder, and removes what an earlier process left in it. */
  static async open(init: SpoolInit): Promise<Spool> {
    await init.disk.makeDirectory(init.folder);
    for (const { name } of await init.disk.list(init.folder)) await init.disk.remove(`${init.folder}/${name}`);
    return new Spool(init);
  }

  /** Reads `chunks` to their end. Whatever goes wrong, nothing is left. */
  async fill(ctx: Context, chunks: AsyncIterable<Uint8Array>, filling: Filling): Promise<Spooled> {
    const { functionName } = filling;
    const hashers = new Map<DigestFunctionName, Hasher>(
      [...new Set([functionName, ...filling.hashes])]
        .filter((name) => name !== sizeFirst)
        .map((name) => [name, digestFunctions[name].newHasher(0)]),
    );
    await using undo = new AsyncDisposableStack();
    let waiting: Uint8Array[] = [];
    let waitingBytes = 0;
    let sizeBytes = 0;
    let file: DiskFile | undefined;
    for await (const chunk of chunks) {
      throwIfEnded(ctx);
      sizeBytes += chunk.byteLength;
      if (sizeBytes > filling.sizeMax) throw filling.tooMuch();
      for (const hasher of hashers.values()) hasher.update(chunk);
      waiting.push(chunk);
      waitingBytes += chunk.byteLength;
      if (waitingBytes <= memoryBytesMax) continue;
      file ??= await this.#newFile(undo);
      await file.write(waiting, sizeBytes - waitingBytes);
      waiting = [];
      waitingBytes = 0;
    }
    await file?.write(waiting, sizeBytes - waitingBytes);
    const held = file === undefined ? inMemory(Buffer.concat(waiting, sizeBytes)) : inFile(file, sizeBytes);
    const hexes = new Map(Array.from(hashers, ([name, hasher]) => [name, hasher.hex()]));
    const hex = hexes.get(functionName) ?? (await hashOf(functionName, held.chunks(), sizeBytes));
    const digest = Digest.of(functionName, hex, sizeBytes);
    const owned = undo.move();
    return {
      ...{ sizeBytes, digest, read: held.read },
      hashes: new Map(filling.hashes.map((name) => [name, hexes.get(name) ?? ''])),
      open: () =>
        held.bytes === undefined
          ? new BlobReader({ sizeBytes, chunks: held.chunks(), verifiedAs: digest })
          : BlobReader.ofBytes(held.bytes, digest),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  async #newFile(undo: AsyncDisposableStack): Promise<DiskFile> {
    const path = `${this.#folder}/${this.#random.hex(16)}`;
    const file = await this.#disk.create(path);
    undo.defer(async () => {
      await file.close();
      await this.#disk.remove(path);
    });
    return file;
  }
}

interface Held {
  readonly bytes?: Uint8Array;
  chunks(): AsyncIterable<Uint8Array>;
  read(position: number, length: number): Promise<Uint8Array>;
}

function inMemory(bytes: Uint8Array): Held {
  return {
    bytes,
    read: async (position, length) => bytes.subarray(position, position + length),
    async *chunks() {
      yield bytes;
    },
  };
}

function inFile(file: DiskFile, sizeBytes: number): Held {
  const read = async (position: number, length: number): Promise<Uint8Array> => {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, sizeBytes - position)));
    const filled = await file.read(bytes, position);
    if (filled < bytes.byteLength) throw new Failure('data_loss', `a file of ${sizeBytes} bytes ended early`);
    return bytes;
  };
  return {
    read,
    async *chunks() {
      for (let at = 0; at < sizeBytes; at += readBytes) yield await read(at, readBytes);
    },
  };
}

async function hashOf(name: DigestFunctionName, chunks: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<string> {
  const hasher = digestFunctions[name].newHasher(sizeBytes);
  for await (const chunk of chunks) hasher.update(chunk);
  return hasher.hex();
}
