import type { Digest } from '@gorego/digest';
import type { Route } from '@gorego/rpc';
import { type Checklist, Mark } from '@gorego/storage';
import type { Instances } from '../instances.ts';
import { reading } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { askedBlobs } from './asked-blobs.ts';
import { plainDigest } from './plain-digest.ts';

/**
 * FindMissingBlobs. The hottest of all methods: it works on the encoded messages, makes a Digest only of what its store
 * can't tell of at once, and answers with the very bytes by which it was asked for.
 */
export function findMissingBlobs(instances: Instances, functions: DigestFunctions): Route {
  return {
    kind: 'unary',
    handle: async (call, request) => {
      const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
      const { instanceName, list, others } = reading(() => askedBlobs(bytes, functions));
      const { blobs } = instances(instanceName);
      const answer: Uint8Array[] = [];
      if (list !== undefined) {
        blobs.mark?.(call, list);
        if (others.size > 0 || isRepeating(list)) unmarkAbsent(list);
        addAbsent(answer, list, bytes);
        addUnsure(others, list, bytes);
      }
      if (others.size === 0) return answer;
      for (const digest of await blobs.findMissing(call, new Set(others.keys()))) {
        const field = others.get(digest);
        if (field !== undefined) answer.push(field); // A store may not invent one; Bazel fails a build over it (FMB-1).
      }
      return answer;
    },
  };
}

/**
 * Of those that are not here, may two be the same? Then it takes Digests to answer each once. It looks at 52 bits of each
 * hash, sorted: whoever makes hashes up could have any hash table that isn't seeded take time quadratic in them.
 */
function isRepeating(list: Checklist): boolean {
  const key = { a: 0, b: 0, c: 0, d: 0 };
  const beginnings: number[] = [];
  for (let i = 0; i < list.count; i++) {
    if (list.markOf(i) === Mark.here) continue;
    list.readKey(i, key);
    beginnings.push(key.a * 2 ** 20 + (key.b >>> 12));
  }
  return (
    beginnings.length > 1 &&
    Float64Array.from(beginnings)
      .sort()
      .some((each, i, all) => each === all[i - 1])
  );
}

function unmarkAbsent(list: Checklist): void {
  for (let i = 0; i < list.count; i++) if (list.markOf(i) === Mark.absent) list.mark(i, Mark.none);
}

/** Adds the fields of all that are absent, in one piece: a view of each takes longer to make than its bytes to copy. */
function addAbsent(answer: Uint8Array[], list: Checklist, request: Buffer): void {
  let bytes = 0;
  for (let i = 0; i < list.count; i++) {
    if (list.markOf(i) === Mark.absent) bytes += plainDigest.fieldLength(request, list.textAt(i));
  }
  if (bytes === 0) return;
  const fields = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (let i = 0; i < list.count; i++) {
    if (list.markOf(i) !== Mark.absent) continue;
    const start = plainDigest.startOf(list.textAt(i));
    at += request.copy(fields, at, start, start + plainDigest.fieldLength(request, list.textAt(i)));
  }
  answer.push(fields);
}

function addUnsure(others: Map<Digest, Uint8Array>, list: Checklist, request: Uint8Array): void {
  for (let i = 0; i < list.count; i++) {
    if (list.markOf(i) === Mark.none) others.set(list.digest(i), plainDigest.field(request, list.textAt(i)));
  }
}
