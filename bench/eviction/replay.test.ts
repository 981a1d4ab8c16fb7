import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bound } from './bound.ts';
import { belady, closures, gdsf, lru, type Policy, value } from './policies.ts';
import { replay } from './replay.ts';
import { closureBytes, type Trace, workingSetBytes } from './trace.ts';
import { traceOf, usual } from './workload.ts';

const policies: readonly [string, Policy][] = Object.entries({ lru, value, gdsf, closures, belady });

/** Actions of one blob each, which `asked` names by number. */
function traceFor(asked: readonly number[], bytes: readonly number[], seconds: readonly number[]): Trace {
  return {
    asked: Uint32Array.from(asked),
    at: Float64Array.from(asked.keys()),
    seconds: Float64Array.from(seconds),
    blobsOf: bytes.map((_, i) => Uint32Array.of(i)),
    bytesOf: Float64Array.from(bytes),
  };
}

const small = { ...usual, days: 5, targets: 40, activity: [1, 0.5] };

test('the same workload is the same trace, another seed is another', () => {
  expect(traceOf(small)).toEqual(traceOf(small));
  expect(traceOf({ ...small, seed: 2 }).asked).not.toEqual(traceOf(small).asked);
});

test('builds ask for what they need in the order of time', () => {
  const { asked, at, blobsOf, bytesOf } = traceOf(small);
  expect([...at]).toEqual([...at].sort((a, b) => a - b));
  expect(asked.length).toBeGreaterThan(blobsOf.length);
  expect(Math.min(...bytesOf)).toBeGreaterThan(0);
});

describe.each(policies)('%s', (_, policy) => {
  test('finds again what was there, where there is room for all', () => {
    const trace = traceFor([0, 1, 0, 1, 2], [10, 20, 30], [1, 1, 1]);
    expect(replay(trace, policy, 1e6).hits).toBeCloseTo(2 / 5);
  });

  test('finds nothing where there is room for none', () => {
    expect(replay(traceFor([0, 0, 0], [10], [1]), policy, 500)).toEqual({ hits: 0, bytes: 0, seconds: 0 });
  });

  test('is never better than the bound, nor than a cache of everything', () => {
    const trace = fc
      .record({
        asked: fc.array(fc.nat(5), { minLength: 1, maxLength: 60 }),
        bytes: fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 6, maxLength: 6 }),
        seconds: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 6, maxLength: 6 }),
      })
      .map(({ asked, bytes, seconds }) => traceFor(asked, bytes, seconds));
    fc.assert(
      fc.property(trace, fc.double({ min: 0.05, max: 1, noNaN: true }), (each, share) => {
        const capacity = workingSetBytes(each) * share;
        const got = replay(each, policy, capacity);
        for (const limit of [bound(each, capacity), replay(each, lru, Number.POSITIVE_INFINITY)]) {
          expect(got.hits).toBeLessThanOrEqual(limit.hits + 1e-9);
          expect(got.bytes).toBeLessThanOrEqual(limit.bytes + 1e-9);
          expect(got.seconds).toBeLessThanOrEqual(limit.seconds + 1e-9);
        }
      }),
    );
  });
});

test('lru lets go of what was used longest ago, value of what is cheap to make again', () => {
  // A large blob of no worth is used in between; there is room for it and one other.
  const trace = traceFor([0, 1, 2, 0, 1], [1e6, 1e6, 1e6], [1000, 0.1, 0.1]);
  const room = 2 * closureBytes(trace, 0);
  expect(replay(trace, lru, room).seconds).toBe(0);
  expect(replay(trace, value, room).seconds).toBeCloseTo(0.5, 1);
});

test('who knows the future keeps what is asked for soonest', () => {
  const trace = traceFor([0, 1, 2, 1, 0], [1000, 1000, 1000], [1, 1, 1]);
  expect(replay(trace, belady, 2 * closureBytes(trace, 0)).hits).toBeCloseTo(2 / 5);
  expect(replay(trace, lru, 2 * closureBytes(trace, 0)).hits).toBeCloseTo(1 / 5);
});

test('a blob that results share is there once', () => {
  const trace = { ...traceFor([0, 1, 0, 1], [50_000], [1, 1]), blobsOf: [Uint32Array.of(0), Uint32Array.of(0)] };
  for (const [, policy] of policies) expect(replay(trace, policy, 53_000).hits).toBeCloseTo(1 / 2);
});
