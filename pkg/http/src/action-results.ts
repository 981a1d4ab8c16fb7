import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { deInlined, type HashNamed, parsedResult, toWrite, validInstanceName } from '@gorego/server';
import { bytesOf } from '@gorego/storage';
import type { Exchange } from './exchange.ts';
import { digestOf, type HashName, hashNameOf } from './hash-names.ts';
import { ReceivedBlob } from './received-blob.ts';
import { RequestBody } from './request-body.ts';
import { sendBlob } from './send-blob.ts';
import type { Store } from './store.ts';
import { tellOfLookup } from './value-exchange.ts';

/** What is larger is no ActionResult that gRPC could carry. */
const resultBytesMax = 4 * 1024 * 1024;

/** Says of a value that it is an ActionResult. */
const resultMark = 'action-result';

/** Results kept under their hash alone that gRPC clients may still ask for. Beyond it the oldest are HTTP's alone. */
const adoptableMax = 10_000;

/**
 * `…/ac/<hash>`: what a build did, by the hash of its action. A value that is an ActionResult is shared with gRPC
 * clients; any other, as ccache's, is kept as it is. What was put by HTTP is given back byte for byte.
 */
export class ActionResults implements HashNamed {
  readonly #store: Store;
  readonly #adoptable = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  async handle(exchange: Exchange, instanceName: string, rest: readonly string[]): Promise<void> {
    const instance = validInstanceName(instanceName);
    const name = hashNameOf(rest, this.#store.functions);
    switch (exchange.method) {
      case 'GET':
      case 'HEAD':
        return this.#get(exchange, instance, name);
      case 'PUT':
        return this.#put(exchange, instance, name);
      default:
        exchange.answer(405, '', { allow: 'GET, HEAD, PUT' });
    }
  }

  note(action: Digest): void {
    this.#store.sizes.note(action);
  }

  async adopt(ctx: Context, instance: string, action: Digest): Promise<Uint8Array | undefined> {
    const name = { functionName: Digest.function(action).name, hex: Digest.hex(action) };
    const key = keyOf(instance, name);
    if (!this.#adoptable.delete(key)) return undefined;
    const value = await this.#store.values.get(ctx, instance, pathOf(name));
    const blob = value && (await value.blobs.get(ctx, value.digest));
    if (blob === undefined) return undefined;
    const { actions } = this.#store.instances(instance);
    await actions.put(ctx, action, await bytesOf(blob, resultBytesMax));
    return actions.get(ctx, action);
  }

  async #get(exchange: Exchange, instance: string, name: HashName): Promise<void> {
    const isSent =
      (await this.#sendKept(exchange, instance, name)) || (await this.#sendShared(exchange, instance, name));
    tellOfLookup(exchange, isSent, this.#store);
    if (!isSent) exchange.answer(404, 'no result of this action is here');
  }

  /** What was put by HTTP: if it is a result, one whose blobs are all there. */
  async #sendKept(exchange: Exchange, instance: string, name: HashName): Promise<boolean> {
    const { values } = this.#store;
    const value = await values.getToRead(exchange, instance, pathOf(name));
    if (value === undefined) return false;
    if (value.about.has(resultMark)) {
      const blob = await value.blobs.get(exchange, value.digest);
      const result = blob && (await bytesOf(blob, resultBytesMax));
      if (result === undefined || !(await this.#isUsable(exchange, instance, name, result))) return false;
    }
    return sendBlob(exchange, value.blobs, value.digest, this.#store);
  }

  /** The result that gRPC clients have, if the size of the action can be told. */
  async #sendShared(exchange: Exchange, instance: string, name: HashName): Promise<boolean> {
    const { sizes, sizeOf, instances } = this.#store;
    const action = await digestOf(exchange, instance, name, sizes, sizeOf);
    const result = action && (await instances(instance).actions.get(exchange, action));
    if (result === undefined || !(await this.#isUsable(exchange, instance, name, result))) return false;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': result.byteLength };
    exchange.response.writeHead(200, headers).end(exchange.method === 'HEAD' ? undefined : result);
    return true;
  }

  /** Is all that the result refers to there? The client will ask for it next, by hash alone. */
  async #isUsable(ctx: Context, instance: string, name: HashName, result: Uint8Array): Promise<boolean> {
    const { instances, references, sizes } = this.#store;
    const { blobs } = instances(instance);
    const needed = await references(ctx, Digest.empty(name.functionName), result, blobs);
    if (needed === undefined || (needed.size > 0 && (await blobs.findMissing(ctx, needed)).size > 0)) return false;
    for (const digest of needed) sizes.note(digest);
    return true;
  }

  async #put(exchange: Exchange, instance: string, name: HashName): Promise<void> {
    const { instances, values, scratches, activity } = this.#store;
    toWrite(exchange, instances(instance)); // Before its body has come.
    await using received = await ReceivedBlob.from(exchange, new RequestBody(exchange, this.#store), scratches);
    const isResult = await this.#share(exchange, instance, name, received);
    await values.put(exchange, instance, pathOf(name), received, isResult ? new Map([[resultMark, '']]) : undefined);
    activity.stored(exchange.caller, received.sizeBytes);
    exchange.answer(200);
  }

  /** Keeps a value that is an ActionResult where gRPC clients find it too, now or when they ask. False if it is none. */
  async #share(exchange: Exchange, instance: string, name: HashName, received: ReceivedBlob): Promise<boolean> {
    const { functions, sizes, sizeOf, instances } = this.#store;
    if (received.sizeBytes > resultBytesMax) return false;
    const bytes = await bytesOf(received.open(), resultBytesMax);
    const result = parsedResult(bytes, functions, name.functionName);
    if (result === undefined) return false;
    const { actions, blobs } = instances(instance);
    await deInlined(exchange, result, blobs, functions, name.functionName); // For who reads it without what is inline.
    const action = await digestOf(exchange, instance, name, sizes, sizeOf);
    if (action !== undefined) {
      await actions.put(exchange, action, bytes);
    } else {
      this.#adoptable.add(keyOf(instance, name));
      if (this.#adoptable.size > adoptableMax) this.#adoptable.delete(this.#adoptable.keys().next().value as string);
    }
    return true;
  }
}

function pathOf({ functionName, hex }: HashName): string {
  return `ac/${functionName}/${hex}`;
}

function keyOf(instance: string, name: HashName): string {
  return `${instance}\n${pathOf(name)}`;
}
