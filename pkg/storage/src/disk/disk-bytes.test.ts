import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { NodeDisk, systemClock } from '@gorego/platform';
import { SeededRandom } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BlobReader } from '../blob-reader.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore } from './local-store.ts';

const ctx = background();
const histories = 25;
const timeoutMs = 120_000;
/** What the ends of a directory or two may differ by. */
const toleranceBytes = 16 * 4096;

type Step =
  | { readonly kind: 'blob'; readonly sizeBytes: number }
  | { readonly kind: 'result'; readonly action: number; readonly sizeBytes: number }
  | { readonly kind: 'evict'; readonly bytes: number }
  | { readonly kind: 'compact' | 'restart' | 'crash' | 'cancel' }
  | { readonly kind: 'damage'; readonly which: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('blob' as const), sizeBytes: fc.integer({ min: 8, max: 4000 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('blob' as const), sizeBytes: fc.integer({ min: 4001, max: 90_000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('result' as const),
        action: fc.integer({ min: 0, max: 5 }),
        sizeBytes: fc.integer({ min: 1, max: 5000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('evict' as const), bytes: fc.integer({ min: 1, max: 300_000 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('compact', 'restart', 'crash', 'cancel') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('damage' as const), which: fc.nat(1000) }) },
  ),
  { maxLength: 40 },
);

describe('LocalStore.diskBytes', () => {
  test(
    'is what du says, whatever happened',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(), async (history, seed) => {
          const dir = await mkdtemp(join(tmpdir(), 'gorego-du-'));
          try {
            await lived(dir, history, new SeededRandom(seed));
          } finally {
            await rm(dir, { recursive: true, force: true });
          }
        }),
        { numRuns: histories, seed: 1 },
      );
    },
    timeoutMs,
  );
});

async function lived(dir: string, history: readonly Step[], random: SeededRandom): Promise<void> {
  const open = async (): Promise<LocalStore> => {
    const disk = new NodeDisk(dir);
    const opened = await LocalStore.open({
      ...{ disk, random, clock: systemClock, boot: 'this one' },
      ...{ segmentThreshold: 4000, segmentBytes: 32 * 1024 },
    });
    await opened.reconciled();
    return opened;
  };
  let store = await open();
  const files: Digest[] = [];
  const made = (sizeBytes: number): { digest: Digest; bytes: Uint8Array } => {
    const bytes = random.bytes(sizeBytes);
    return { bytes, digest: Digest.of('sha256', createHash('sha256').update(bytes).digest('hex'), sizeBytes) };
  };
  try {
    for (const step of history) {
      switch (step.kind) {
        case 'blob': {
          const { digest, bytes } = made(step.sizeBytes);
          await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes, digest));
          if (step.sizeBytes > 4000) files.push(digest);
          break;
        }
        case 'result': {
          const action = Digest.of('sha256', step.action.toString(16).padStart(64, '0'), 100);
          await store.actions('').put(ctx, action, random.bytes(step.sizeBytes));
          break;
        }
        case 'evict': {
          const survey = await store.housekeeping.survey(ctx);
          await store.housekeeping.evict(ctx, survey.ageOfOldest(step.bytes), step.bytes);
          break;
        }
        case 'compact':
          await store.housekeeping.compact(ctx, 0.01, () => false);
          break;
        case 'damage': {
          const digest = files[step.which % Math.max(1, files.length)];
          if (digest === undefined || (await store.blobs.findMissing(ctx, new Set([digest]))).size > 0) break;
          await writeFile(join(dir, DiskPath.ofBlob(digest)), random.bytes(Digest.sizeBytes(digest)));
          expect(await store.checked(ctx, { kind: 'blob', digest, instance: '' })).toBe(false);
          break;
        }
        case 'cancel': {
          await using staged = await store.blobs.stage(ctx, made(50_000).digest);
          await staged.append(random.bytes(20_000));
          break;
        }
        case 'restart':
          await store[Symbol.asyncDispose]();
          store = await open();
          break;
        case 'crash':
          // The one before goes on owning its open files; nobody asks it anything.
          store = await open();
          break;
        default:
          throw step satisfies never;
      }
      await store.reconciled();
    }
    const used = await diskUse(dir);
    expect({
      history,
      off: Math.abs(store.housekeeping.diskBytes - used) <= toleranceBytes,
      used,
      known: store.diskBytes,
    }).toMatchObject({
      off: true,
    });
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

async function diskUse(path: string): Promise<number> {
  const stats = await lstat(path);
  let bytes = stats.blocks * 512;
  for (const entry of stats.isDirectory() ? await readdir(path) : []) bytes += await diskUse(join(path, entry));
  return bytes;
}
