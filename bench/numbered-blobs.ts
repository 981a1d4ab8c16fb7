import { createHash, type Hash, randomBytes } from 'node:crypto';

/** The number is the last bytes of a blob, so that hashing another one costs the same whatever its size. */
export const numberBytes = 8;

export interface NumberedBlob {
  readonly hex: string;
  /** The blob's last bytes, the only ones in which it differs from the others. */
  readonly number: Buffer;
}

/**
 * As many different blobs of one size as there are numbers: random bytes, the same in all, with the number at the end.
 * Made anew they are others.
 */
export class NumberedBlobs {
  readonly sizeBytes: number;
  readonly #common: Buffer;
  readonly #hashed: Hash;

  constructor(sizeBytes: number) {
    if (sizeBytes < 2 * numberBytes) throw new Error(`${sizeBytes} bytes are too few to be different in`);
    this.sizeBytes = sizeBytes;
    this.#common = randomBytes(sizeBytes - numberBytes);
    this.#hashed = createHash('sha256').update(this.#common);
  }

  at(n: number): NumberedBlob {
    const number = Buffer.alloc(numberBytes);
    number.writeDoubleLE(n);
    return { hex: this.#hashed.copy().update(number).digest('hex'), number };
  }

  dataOf({ number }: NumberedBlob): Buffer {
    return Buffer.concat([this.#common, number]);
  }
}
