import { type NumberedBlob, type NumberedBlobs, numberBytes } from '../numbered-blobs.ts';

const hexBytes = 64;

/**
 * The body of a request that names and holds blobs, made once for some of them and then again for others of the same
 * size: two short copies a blob beside the copy of the whole.
 */
export class ExchangeableBody {
  readonly #body: Buffer;
  readonly #places: readonly { readonly hexAt: number; readonly numberAt: number }[];

  /** `body` holds the hash and the data of every one of `blobs`, once. */
  constructor(body: Buffer, blobs: readonly NumberedBlob[], source: NumberedBlobs) {
    this.#body = body;
    this.#places = blobs.map((blob) => {
      // The number alone may be anywhere; not so with random bytes before it.
      const end = source.dataOf(blob).subarray(-2 * numberBytes);
      return { hexAt: find(body, Buffer.from(blob.hex)), numberAt: find(body, end) + end.length - numberBytes };
    });
  }

  /** The body for as many other blobs as it was made for, from the `first` one of `prepared` on. */
  with(prepared: PreparedBlobs, first: number): Buffer {
    const body = Buffer.from(this.#body);
    for (const [i, { hexAt, numberAt }] of this.#places.entries()) prepared.write(body, first + i, hexAt, numberAt);
    return body;
  }
}

/** The names of the blobs from 0 to `count - 1`, hashed beforehand. */
export class PreparedBlobs {
  readonly count: number;
  readonly #hexes: Buffer;

  constructor(source: NumberedBlobs, count: number) {
    this.count = count;
    this.#hexes = Buffer.allocUnsafe(count * hexBytes);
    for (let n = 0; n < count; n++) this.#hexes.write(source.at(n).hex, n * hexBytes, 'latin1');
  }

  write(target: Buffer, n: number, hexAt: number, numberAt: number): void {
    this.#hexes.copy(target, hexAt, n * hexBytes, (n + 1) * hexBytes);
    target.writeDoubleLE(n, numberAt);
  }
}

function find(body: Buffer, bytes: Buffer): number {
  const at = body.indexOf(bytes);
  if (at < 0 || body.indexOf(bytes, at + 1) >= 0) throw new Error('the body does not hold the blob just once');
  return at;
}
