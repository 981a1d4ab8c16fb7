import {
  ActionResult,
  BatchReadBlobsResponse,
  BatchUpdateBlobsResponse,
  FindMissingBlobsResponse,
  UpdateActionResultRequest,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ReadResponse } from '@gorego/proto/google/bytestream/bytestream';
import { type Answer, framed, GrpcClient } from '../../bench/grpc-client.ts';
import {
  batchRead,
  batchUpdate,
  findMissing,
  getActionResult,
  type Named,
  read,
  updateActionResult,
  write,
} from '../../bench/requests.ts';

const notFound = 5;
const messageBytes = 64 * 1024;

/** A call that ended with another status than OK. */
export class CallError extends Error {
  readonly status: number;

  constructor(path: string, status: number, message: string) {
    super(`${path.slice(path.lastIndexOf('/') + 1)}: status ${status}, ${message}`);
    this.status = status;
  }
}

/** What a build asks of a cache, over one connection. */
export class CacheClient implements Disposable {
  readonly #grpc: GrpcClient;

  constructor(address: string) {
    this.#grpc = new GrpcClient(Number(address.slice(address.lastIndexOf(':') + 1)));
  }

  [Symbol.dispose](): void {
    this.#grpc[Symbol.dispose]();
  }

  async upload(blobs: readonly { readonly hex: string; readonly data: Uint8Array }[]): Promise<void> {
    const { path, body } = batchUpdate(blobs);
    const { responses } = BatchUpdateBlobsResponse.decode(one(await this.#must(path, body)));
    for (const { status } of responses) {
      if (status !== undefined && status.code !== 0) throw new CallError(path, status.code, status.message);
    }
    if (responses.length !== blobs.length) throw new Error(`${responses.length} answers for ${blobs.length} blobs`);
  }

  async write(blob: Named, data: Uint8Array): Promise<void> {
    const { path, body } = write(blob, data, messageBytes);
    await this.#must(path, body);
  }

  async missing(blobs: readonly Named[]): Promise<Set<string>> {
    const { path, body } = findMissing(blobs);
    const { missingBlobDigests } = FindMissingBlobsResponse.decode(one(await this.#must(path, body)));
    return new Set(missingBlobDigests.map(({ hash }) => hash));
  }

  /** What is there of small blobs, by their hashes. */
  async readBatch(blobs: readonly Named[]): Promise<Map<string, Buffer>> {
    const { path, body } = batchRead(blobs);
    const { responses } = BatchReadBlobsResponse.decode(one(await this.#must(path, body)));
    const found = new Map<string, Buffer>();
    for (const { digest, status, data } of responses) {
      if (status !== undefined && status.code !== 0 && status.code !== notFound)
        throw new CallError(path, status.code, status.message);
      if (status?.code !== notFound) found.set(digest?.hash ?? '', Buffer.from(data));
    }
    return found;
  }

  /** A blob of any size; undefined if it isn't there. */
  async read(blob: Named): Promise<Buffer | undefined> {
    const { path, body } = read(blob);
    const answer = await this.#grpc.call(path, body);
    if (answer.status === notFound) return undefined;
    if (answer.status !== 0) throw new CallError(path, answer.status, answer.message);
    return Buffer.concat(answer.messages.map((message) => ReadResponse.decode(message).data));
  }

  /** Says that an action came to `outputs`, in a result that is told from others by `version`. */
  async setResult(action: Named, outputs: readonly Named[], version: number): Promise<void> {
    const { path, body } = updateActionResult(action, outputs);
    const message = UpdateActionResultRequest.decode(body.subarray(framed(new Uint8Array()).length));
    message.actionResult = ActionResult.fromPartial({
      ...message.actionResult,
      executionMetadata: { worker: `${version}` },
    });
    await this.#must(path, framed(UpdateActionResultRequest.encode(message).finish()));
  }

  /** Which version of the result is there; undefined if none is. */
  async result(action: Named): Promise<number | undefined> {
    const { path, body } = getActionResult(action);
    const answer = await this.#grpc.call(path, body);
    if (answer.status === notFound) return undefined;
    if (answer.status !== 0) throw new CallError(path, answer.status, answer.message);
    return Number(ActionResult.decode(one(answer)).executionMetadata?.worker);
  }

  async #must(path: string, body: Uint8Array): Promise<Answer> {
    const answer = await this.#grpc.call(path, body);
    if (answer.status !== 0) throw new CallError(path, answer.status, answer.message);
    return answer;
  }
}

function one({ messages: [message] }: Answer): Buffer {
  if (message === undefined) throw new Error('an answer without a message');
  return message;
}
