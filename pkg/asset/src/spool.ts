import { createHash, type Hash } from 'node:crypto';
import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Disk, DiskFile, Random } from '@gorego/platform';
import { BlobReader } from '@gorego/storage';
import type { IntegrityFunction } from './request/integrity.ts';

/** What is smaller never touches the disk. */
const memoryBytesMax = 1024 * 1024;
const readBytes = 256 * 1024;

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
    const hasher = digestFunctions[filling.functionName].newHasher();
    const hashes = new Map<IntegrityFunction, Hash>(filling.hashes.map((name) => [name, createHash(name)]));
    await using undo = new AsyncDisposableStack();
    let memory: Uint8Array[] = [];
    let sizeBytes = 0;
    let file: DiskFile | undefined;
    for await (const chunk of chunks) {
      throwIfEnded(ctx);
      sizeBytes += chunk.byteLength;
      if (sizeBytes > filling.sizeMax) throw filling.tooMuch();
      hasher.update(chunk);
      for (const each of hashes.values()) each.update(chunk);
      memory.push(chunk);
      if (sizeBytes <= memoryBytesMax) continue;
      file ??= await this.#newFile(undo);
      const waiting = memory.reduce((sum, { byteLength }) => sum + byteLength, 0);
      await file.write(memory, sizeBytes - waiting);
      memory = [];
    }
    const digest = Digest.of(filling.functionName, hasher.hex(), sizeBytes);
    const held = undo.move();
    return {
      sizeBytes,
      digest,
      hashes: new Map(Array.from(hashes, ([name, each]) => [name, each.digest('hex')])),
      ...(file === undefined ? inMemory(Buffer.concat(memory, sizeBytes), digest) : inFile(file, sizeBytes, digest)),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
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

function inMemory(bytes: Uint8Array, digest: Digest): Pick<Spooled, 'open' | 'read'> {
  return {
    open: () => BlobReader.ofBytes(bytes, digest),
    read: async (position, length) => bytes.subarray(position, position + length),
  };
}

function inFile(file: DiskFile, sizeBytes: number, digest: Digest): Pick<Spooled, 'open' | 'read'> {
  const read = async (position: number, length: number): Promise<Uint8Array> => {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, sizeBytes - position)));
    const filled = await file.read(bytes, position);
    if (filled < bytes.byteLength) throw new Failure('data_loss', `a file of ${sizeBytes} bytes ended early`);
    return bytes;
  };
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < sizeBytes; at += readBytes) yield await read(at, readBytes);
  };
  return { read, open: () => new BlobReader({ sizeBytes, chunks: chunks(), verifiedAs: digest }) };
}
