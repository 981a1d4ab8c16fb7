import type { Caller, Context } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { ActionCache, BlobStore, ChunkedBlobs } from '@gorego/storage';

/** What one instance name stands for. Stores never see the name: which they are is decided here, at the door. */
export interface Instance {
  readonly name: string;
  readonly blobs: BlobStore;
  /** Gives only results whose blobs are all there. */
  readonly actions: ActionCache;
  /** Where `blobs` has them near, and knows of their chunks. Without it chunking is UNIMPLEMENTED, and not announced. */
  readonly chunks?: ChunkedBlobs;
  /** Who may write: results, blobs, or anything else. Everybody unless given. */
  readonly mayWrite?: (caller: Caller) => boolean;
}

/** Finds the instance of a name that is well-formed; `invalid_argument` for one that is unknown here. */
export type Instances = (name: string) => Instance;

/** The instance as something to write to: `permission_denied` unless who is calling may. Reads don't ask. */
export function toWrite({ caller }: Context, instance: Instance): Instance {
  if (mayWrite(instance, caller)) return instance;
  const { name } = instance;
  throw new Failure(
    'permission_denied',
    `${caller.peer} may not write to the instance ${JSON.stringify(name)}, only read`,
  );
}

export function mayWrite(instance: Instance, caller: Caller): boolean {
  return instance.mayWrite?.(caller) ?? true;
}

const reservedSegments: ReadonlySet<string> = new Set([
  'blobs',
  'uploads',
  'actions',
  'actionResults',
  'operations',
  'capabilities',
  'compressed-blobs',
]);

const nameBytesMax = 1024;

/**
 * The name itself, if it may be one: any number of `/`-separated segments, none of them empty, a word that resource
 * names need for themselves, or a control character. The empty name is a name.
 */
export function validInstanceName(name: string): string {
  if (name === '') return name;
  const bytes = Buffer.byteLength(name);
  if (bytes > nameBytesMax) {
    throw new Failure('invalid_argument', `an instance name of ${bytes} bytes; ${nameBytesMax} is the most`);
  }
  for (const segment of name.split('/')) {
    if (segment === '' || reservedSegments.has(segment) || /\p{Cc}/u.test(segment)) {
      throw new Failure(
        'invalid_argument',
        `not an instance name: ${JSON.stringify(name)} (segment ${JSON.stringify(segment)})`,
      );
    }
  }
  return name;
}
