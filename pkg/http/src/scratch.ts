import type { Context } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Disk, DiskFile, Random } from '@gorego/platform';
import type { Room } from '@gorego/storage';

/** Bytes without a name: they are gone when it is disposed. */
export interface Scratch extends AsyncDisposable {
  /** All of it so far, if it is in memory. */
  readonly inMemory: Uint8Array | undefined;
  append(chunk: Uint8Array): Promise<void>;
  /** All of it, in order; may be read again. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** How much of one body is held in memory, and of all together; what is more goes to the disk. */
const heldBytesMax = 1024 * 1024;
const heldBytesMaxTogether = 64 * 1024 * 1024;

const readBytes = 256 * 1024;

/** Room on the disk is taken in steps of this, as bytes come. */
const reserveBytes = 4 * 1024 * 1024;

/** Makes room for bodies whose hash must be known before they can be stored: small ones in memory, others in files. */
export class Scratches {
  readonly #disk: Disk;
  readonly #random: Random;
  readonly #folder: string;
  readonly #room: Room;
  #heldBytes = 0;

  /** Files come to lie in `folder` of `disk`, within `room`; what a crash leaves there is its owner's to remove. */
  constructor(disk: Disk, random: Random, folder: string, room: Room) {
    this.#disk = disk;
    this.#random = random;
    this.#folder = folder;
    this.#room = room;
  }

  /** What all of them hold in memory now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** `append` fails with `resource_exhausted` when there is no room on the disk. */
  begin(ctx: Context): Scratch {
    const held = new HeldBytes();
    let file: ScratchFile | undefined;
    const letGo = (): void => {
      this.#heldBytes -= held.capacity;
      held.clear();
    };
    return {
      get inMemory() {
        return file === undefined ? held.bytes : undefined;
      },
      append: async (chunk) => {
        const growth = held.growthFor(chunk.byteLength);
        const isRoom = held.capacity + growth <= heldBytesMax && this.#heldBytes + growth <= heldBytesMaxTogether;
        if (file === undefined && isRoom) {
          held.append(chunk);
          this.#heldBytes += growth;
          return;
        }
        file ??= new ScratchFile(ctx, this.#disk, this.#room, `${this.#folder}/${this.#random.hex(16)}`);
        await file.append([held.bytes, chunk]);
        letGo();
      },
      chunks: async function* () {
        if (file !== undefined) yield* file.chunks();
        else if (held.bytes.byteLength > 0) yield held.bytes;
      },
      [Symbol.asyncDispose]: async () => {
        letGo();
        await file?.[Symbol.asyncDispose]();
      },
    };
  }
}

/** Bytes in one piece that grows: a client that sends one at a time makes one object of them, not a million. */
class HeldBytes {
  #buffer: Buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#sizeBytes);
  }

  get capacity(): number {
    return this.#buffer.byteLength;
  }

  /** How much more memory it takes to have that many bytes more. */
  growthFor(bytes: number): number {
    const needed = this.#sizeBytes + bytes;
    return needed <= this.capacity ? 0 : Math.max(needed, Math.min(2 * needed, heldBytesMax)) - this.capacity;
  }

  append(chunk: Uint8Array): void {
    const growth = this.growthFor(chunk.byteLength);
    if (growth > 0) {
      const grown = Buffer.allocUnsafeSlow(this.capacity + growth);
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.#sizeBytes);
    this.#sizeBytes += chunk.byteLength;
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0);
    this.#sizeBytes = 0;
  }
}

class ScratchFile implements AsyncDisposable {
  readonly #ctx: Context;
  readonly #disk: Disk;
  readonly #room: Room;
  readonly #path: string;
  readonly #reservations: Disposable[] = [];
  #reservedBytes = 0;
  #file: DiskFile | undefined;
  #sizeBytes = 0;

  constructor(ctx: Context, disk: Disk, room: Room, path: string) {
    this.#ctx = ctx;
    this.#disk = disk;
    this.#room = room;
    this.#path = path;
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (this.#sizeBytes + bytes > this.#reservedBytes) {
      const more = Math.max(reserveBytes, bytes);
      this.#reservations.push(await this.#room.reserve(this.#ctx, more));
      this.#reservedBytes += more;
    }
    this.#file ??= await this.#disk.create(this.#path);
    await this.#file.write(chunks, this.#sizeBytes);
    this.#sizeBytes += bytes;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let position = 0; position < this.#sizeBytes; ) {
      const into = Buffer.allocUnsafeSlow(Math.min(readBytes, this.#sizeBytes - position));
      const count = (await this.#file?.read(into, position)) ?? 0;
      if (count < into.byteLength) throw new Failure('data_loss', `a scratch file ends at byte ${position + count}`);
      position += count;
      yield into;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#file !== undefined) {
      await this.#file.close();
      await this.#disk.remove(this.#path);
    }
    for (const reservation of this.#reservations.splice(0)) reservation[Symbol.dispose]();
  }
}
