import { createHash } from 'node:crypto';
import type { SeededRandom } from '@gorego/simulation';
import type { Named } from '../../bench/requests.ts';

export interface MadeBlob extends Named {
  readonly number: number;
}

const numberBytes = 8;

/** Blobs that can be made again from their number: a random pattern, and the number before it. */
export class MadeBlobs {
  readonly #pattern: Uint8Array;
  #last = 0;

  constructor(random: SeededRandom, largestBytes: number) {
    this.#pattern = random.bytes(largestBytes);
  }

  next(sizeBytes: number): MadeBlob {
    this.#last++;
    const data = this.dataOf({ number: this.#last, sizeBytes });
    return { number: this.#last, sizeBytes, hex: createHash('sha256').update(data).digest('hex') };
  }

  dataOf({ number, sizeBytes }: Pick<MadeBlob, 'number' | 'sizeBytes'>): Buffer {
    const data = Buffer.from(this.#pattern.subarray(0, sizeBytes));
    data.writeDoubleLE(number, 0);
    return data;
  }
}

/** The smallest that can be told apart. */
export const smallestBytes: number = numberBytes;
