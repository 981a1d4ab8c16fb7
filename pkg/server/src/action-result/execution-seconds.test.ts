import { ActionResult, type DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { executionSeconds } from './execution-seconds.ts';

type Metadata = NonNullable<DeepPartial<ActionResult>['executionMetadata']>;

const at = (seconds: number): { seconds: number; nanos: number } => ({
  seconds: 1.7e9 + Math.floor(seconds),
  nanos: (seconds % 1) * 1e9,
});
const ofMetadata = (executionMetadata: Metadata | undefined): number | undefined =>
  executionSeconds(ActionResult.encode(ActionResult.fromPartial({ exitCode: 1, executionMetadata })).finish());

describe('executionSeconds', () => {
  test.each<[string, Metadata | undefined, number | undefined]>([
    ['of nothing is unknown', undefined, undefined],
    ['of no times is unknown', { worker: 'w' }, undefined],
    ['is the execution', { executionStartTimestamp: at(1), executionCompletedTimestamp: at(3.5) }, 2.5],
    ['is else the worker’s time', { workerStartTimestamp: at(0), workerCompletedTimestamp: at(7) }, 7],
    [
      'prefers the execution',
      {
        ...{ workerStartTimestamp: at(0), workerCompletedTimestamp: at(9) },
        ...{ executionStartTimestamp: at(1), executionCompletedTimestamp: at(2) },
      },
      1,
    ],
    ['that would be negative is unknown', { workerStartTimestamp: at(5), workerCompletedTimestamp: at(4) }, undefined],
    ['without an end is unknown', { workerStartTimestamp: at(5) }, undefined],
  ])('%s', (_, metadata, seconds) => {
    const got = ofMetadata(metadata);
    if (seconds === undefined) expect(got).toBeUndefined();
    else expect(got).toBeCloseTo(seconds, 6);
  });

  test('is a number that is not negative, or unknown, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(executionSeconds(bytes) ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});
