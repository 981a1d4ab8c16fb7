import type { Caller } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type Instances, validInstanceName } from '@gorego/server';
import { completeOnly, emptyAlwaysHere, type References } from '@gorego/storage';
import type { BackingCache } from './backing-cache.ts';
import type { ChunkedNear } from './chunked-near.ts';
import type { InstancePattern } from './instance-pattern.ts';
import type { Writers } from './writers.ts';

/** Tier 1 of the instances that are kept apart from all others. */
export interface SeparateStore<N> {
  readonly pattern: InstancePattern;
  readonly near: N;
}

/** Tier 1 of an instance: of the first separate store that is for it, or what all others share. */
export function nearChosenBy<N>(shared: N, separate: readonly SeparateStore<N>[]): (name: string) => N {
  return (name) => separate.find(({ pattern }) => pattern.matches(name))?.near ?? shared;
}

export interface InstancesInit {
  readonly nearOf: (name: string) => ChunkedNear;
  /** The names there are; undefined is every name. */
  readonly allow: readonly InstancePattern[] | undefined;
  readonly writers: Writers;
  readonly far: BackingCache | undefined;
  readonly references: References;
}

/** Chooses an instance's stores by its name: blobs that it shares or has for itself, results that are its own. */
export function instancesOf({ nearOf, allow, writers, far, references }: InstancesInit): Instances {
  return (named) => {
    const name = validInstanceName(named);
    if (allow !== undefined && !allow.some((pattern) => pattern.matches(name))) {
      const known = allow.map(({ text }) => JSON.stringify(text)).join(', ');
      throw new Failure('invalid_argument', `there is no instance ${JSON.stringify(name)} here, only ${known}`);
    }
    const near = nearOf(name);
    const mayWrite = (caller: Caller): boolean => writers(name, caller);
    if (far !== undefined) {
      const { blobs, actions } = far.proxy.instance(name, near);
      return { name, blobs, actions, chunks: near.blobs, mayWrite };
    }
    const blobs = emptyAlwaysHere(near.blobs);
    const actions = completeOnly(near.actions(name), blobs, references);
    return { name, blobs, actions, chunks: near.blobs, mayWrite };
  };
}

/**
 * Where a separate store lies below the shared one's directory: the pattern as far as a person can read it, and enough of
 * its hash to tell it from others on any file system.
 */
export function separateDirectory({ text }: InstancePattern): string {
  const readable = text.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 40);
  return `instances/${readable}.${Digest.hex(Digest.ofBytes(Buffer.from(text))).slice(0, 16)}`;
}
