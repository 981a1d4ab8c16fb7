import assert from 'node:assert/strict';
import { Digest } from '@gorego/digest';
import type { SeededRandom } from '../seeded-random.ts';

/** An action and the blobs that its results name. */
export interface ModelAction {
  readonly digest: Digest;
  /** Results that may be uploaded for it, and the outputs of each. */
  readonly results: readonly { readonly bytes: Uint8Array; readonly outputs: readonly Digest[] }[];
}

/** What there is in a world, and what is known to have happened: the judge of every answer. */
export class Model {
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly digests: readonly Digest[];
  /** Blobs whose upload has been acknowledged. */
  readonly acknowledged: Set<Digest> = new Set();
  /** Blobs that the upstream forgot at some time: of those nothing is certain. */
  readonly forgotten: Set<Digest> = new Set();

  constructor(random: SeededRandom, sizes: readonly number[]) {
    const all = Array.from({ length: random.between(3, 8) }, () => random.bytes(random.pick(sizes)));
    this.blobs = new Map(all.map((bytes) => [Digest.ofBytes(bytes), bytes]));
    this.digests = [...this.blobs.keys()];
  }

  bytesOf(digest: Digest): Uint8Array {
    const bytes = this.blobs.get(digest);
    assert(bytes !== undefined);
    return bytes;
  }
}
