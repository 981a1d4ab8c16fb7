import { type Context, withTimeout } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { methodPath, WireReader, writeLengthDelimitedHeader } from '@gorego/proto';
import {
  GetActionResultRequest,
  ActionCacheDefinition as service,
  UpdateActionResultRequest,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Message } from '@gorego/rpc';
import type { ActionCache } from '@gorego/storage';
import { checkOffered, functionNumberOf, messageOf, received, type Upstream } from './upstream.ts';

/** UpdateActionResultRequest.action_result. */
const actionResultField = 3;

/** A call that the caller set no deadline for. */
const callTimeoutMs = 60_000;

/** The action results of one instance of an upstream cache, byte for byte. */
export class RemoteActions implements ActionCache {
  readonly #upstream: Upstream;
  readonly #instance: string;

  constructor(upstream: Upstream, instance: string) {
    this.#upstream = upstream;
    this.#instance = instance;
  }

  async get(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    checkOffered(this.#upstream, action);
    const request = GetActionResultRequest.encode({
      ...this.#about(action),
      inlineStdout: false,
      inlineStderr: false,
      inlineOutputFiles: [],
    }).finish();
    try {
      return wellFormed(await this.#call(ctx, methodPath(service, 'getActionResult'), request));
    } catch (reason) {
      if (reason instanceof Failure && reason.code === 'not_found') return undefined;
      throw reason;
    }
  }

  async put(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    checkOffered(this.#upstream, action);
    const head = UpdateActionResultRequest.encode({
      ...this.#about(action),
      actionResult: undefined,
      resultsCachePolicy: undefined,
    }).finish();
    // The result as it is: decoding and encoding it again could lose what a newer client put in.
    const request = [head, writeLengthDelimitedHeader(actionResultField, result.byteLength), result];
    await this.#call(ctx, methodPath(service, 'updateActionResult'), request);
  }

  #about(action: Digest): Pick<GetActionResultRequest, 'instanceName' | 'actionDigest' | 'digestFunction'> {
    return { instanceName: this.#instance, actionDigest: messageOf(action), digestFunction: functionNumberOf(action) };
  }

  #call(ctx: Context, path: string, request: Message): Promise<Uint8Array> {
    const { client, clock, retries } = this.#upstream;
    return retries.run(ctx, async () => {
      using scope = withTimeout(ctx, clock, callTimeoutMs, path);
      return await client.unary(scope, path, request);
    });
  }
}

/** The same bytes, if they are a message at all: nonsense must not pass for a result with nothing in it. */
function wellFormed(result: Uint8Array): Uint8Array {
  const walk = (): void => {
    for (const reader = new WireReader(result); reader.next(); );
  };
  received({ decode: walk }, result);
  return result;
}
