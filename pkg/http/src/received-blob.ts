import type { Context } from '@gorego/context';
import { Digest, type DigestFunctionName, digestFunctions } from '@gorego/digest';
import { BlobReader } from '@gorego/storage';
import type { RequestBody } from './request-body.ts';
import type { Scratch, Scratches } from './scratch.ts';

/** A body that has come whole. */
export class ReceivedBlob implements AsyncDisposable {
  readonly sizeBytes: number;
  readonly #scratch: Scratch;

  private constructor(sizeBytes: number, scratch: Scratch) {
    this.sizeBytes = sizeBytes;
    this.#scratch = scratch;
  }

  /** Reads the body to its end. */
  static async from(ctx: Context, body: RequestBody, scratches: Scratches): Promise<ReceivedBlob> {
    await using undo = new AsyncDisposableStack();
    const scratch = undo.use(scratches.begin(ctx));
    let sizeBytes = 0;
    for await (const chunk of body.chunks()) {
      sizeBytes += chunk.byteLength;
      await scratch.append(chunk);
    }
    undo.move();
    return new ReceivedBlob(sizeBytes, scratch);
  }

  /** Its name. Some functions begin with the size, so that it can't be told while the body comes. */
  async digest(name: DigestFunctionName): Promise<Digest> {
    const hasher = digestFunctions[name].newHasher(this.sizeBytes);
    for await (const chunk of this.#scratch.chunks()) hasher.update(chunk);
    return Digest.of(name, hasher.hex(), this.sizeBytes);
  }

  /** Opens the bytes, for as long as this lives; `verifiedAs` is what they have been found to be. */
  open(verifiedAs?: Digest): BlobReader {
    const { inMemory } = this.#scratch;
    if (inMemory !== undefined) return BlobReader.ofBytes(inMemory, verifiedAs);
    return new BlobReader({ sizeBytes: this.sizeBytes, chunks: this.#scratch.chunks(), verifiedAs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}
