import { expect, test } from '@jest/globals';
import { timingCells } from './timings.ts';

const columns = ['wall ms', 'from', 'to', 'server cpu ms', 'peak RSS MiB', 'others'];
const mebibyte = 2 ** 20;

test('timings are told by medians and extremes, column by column', () => {
  const timings = [300, 100, 200].map((wallMs, i) => ({
    ...{ wallMs, cpuMs: wallMs / 10, peakBytes: (i + 1) * mebibyte, othersShare: 0.01, loadCoreShare: undefined },
  }));
  expect(timingCells(columns, timings)).toEqual(['200', '100', '300', '20.0', '3.00', '1%']);
  expect(timingCells(['to', 'wall ms'], timings)).toEqual(['300', '200']);
});

test('what was not measured is n/a', () => {
  expect(timingCells(['wall ms', 'others'], [])).toEqual(['n/a', 'n/a']);
});
