import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { messageBytesMax } from '../limits.ts';
import type { Bounds } from '../method.ts';
import type { DigestFunctions, DigestMessage } from '../wire-digest.ts';
import { chunksMax } from './split.ts';

/** SpliceBlobRequest and RegisterChunkMappingRequest: the blob's digest, and the chunks'. */
export const chunkDigestsBounds: Bounds = { bytesMax: 2 * messageBytesMax, shape: { 2: {}, 3: {} } };

/** Chunks as a request names them, all by the function that names their blob; `invalid_argument` for too many. */
export class ChunkDigests {
  readonly digests: Digest[] = [];
  readonly #functions: DigestFunctions;
  readonly #blob: Digest;

  constructor(functions: DigestFunctions, blob: Digest) {
    this.#functions = functions;
    this.#blob = blob;
  }

  add(messages: readonly DigestMessage[]): void {
    const count = this.digests.length + messages.length;
    if (count > chunksMax) {
      throw new Failure('invalid_argument', `${count} chunks or more of ${this.#blob}; ${chunksMax} are the most`);
    }
    const { name } = Digest.function(this.#blob);
    for (const message of messages) this.digests.push(this.#functions.digest(message, name));
  }
}
