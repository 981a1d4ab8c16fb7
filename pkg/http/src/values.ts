import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { Instances } from '@gorego/server';
import type { BlobStore } from '@gorego/storage';
import type { ReceivedBlob } from './received-blob.ts';
import { type Said, ValueRecord } from './value-record.ts';

/** What a client keeps under a path: bytes that mean something to it alone, and a few words about them. */
export interface Value extends Said {
  /** Where its bytes are. */
  readonly blobs: BlobStore;
}

/**
 * Values by path, in the stores that there are for blobs and results: the bytes are a blob, and what leads to it is the
 * result of an action that is named by the path. So they are evicted, limited, checked for completeness and shared
 * through tier 2 as everything else is.
 */
export class Values {
  readonly #instances: Instances;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  /** Undefined too if the value's bytes are gone. */
  async get(ctx: Context, instance: string, path: string): Promise<Value | undefined> {
    const { actions, blobs } = this.#instances(instance);
    return valueIn(await actions.get(ctx, keyOf(path)), blobs);
  }

  /** The same for who reads the bytes next, and takes it well if they are gone. */
  async getToRead(ctx: Context, instance: string, path: string): Promise<Value | undefined> {
    const { actions, blobs } = this.#instances(instance);
    const key = keyOf(path);
    return valueIn(await (actions.getUnchecked?.(ctx, key) ?? actions.get(ctx, key)), blobs);
  }

  /** Replaces what was there. Resolves once `get` would give it. */
  async put(
    ctx: Context,
    instance: string,
    path: string,
    received: ReceivedBlob,
    about: ReadonlyMap<string, string> = new Map(),
  ): Promise<void> {
    const { actions, blobs } = this.#instances(instance);
    const digest = await received.digest('sha256');
    await blobs.put(ctx, digest, received.open(digest));
    await actions.put(ctx, keyOf(path), ValueRecord.encode({ digest, about }));
  }

  /** Makes `get` say undefined; an action cache has no way to forget, so that a record says that there is nothing. */
  async remove(ctx: Context, instance: string, path: string): Promise<void> {
    const { actions } = this.#instances(instance);
    if ((await actions.get(ctx, keyOf(path))) !== undefined) {
      await actions.put(ctx, keyOf(path), ValueRecord.encode(undefined));
    }
  }
}

function valueIn(record: Uint8Array | undefined, blobs: BlobStore): Value | undefined {
  const said = record && ValueRecord.decode(record);
  return said && { ...said, blobs };
}

/** The action that stands for a path. It is the hash of something that is no Action, so that no client has it for one. */
function keyOf(path: string): Digest {
  return Digest.ofBytes(Buffer.from(`gorego value\n${path}`));
}
