import { describe, expect, test } from '@jest/globals';
import { parseCoreTimes, parseProcessTimes, parseStatusBytes } from './proc.ts';

describe('/proc/PID/stat', () => {
  const after = 'S 1 7 7 0 -1 4194560 2500 300 0 0 123 45 67 8 20 0 11 0 4242 1000000 2048 18446744073709551615';

  test.each(['(node)', '(a b) c)', '(x) R 1 2 3)'])('gives CPU times whatever the program %s is called', (name) => {
    expect(parseProcessTimes(`4711 ${name} ${after}\n`)).toEqual({ ms: 1680, childrenMs: 750 });
  });

  test('is refused when it is something else', () => {
    expect(() => parseProcessTimes('')).toThrow('no number: field 14');
  });
});

describe('/proc/stat', () => {
  const stat = [
    'cpu  39881 0 14527 829696 1016 0 179 81 0 0',
    'cpu0 16908 2 6372 419143 89 5 39 35 0 0',
    'cpu1 22973 0 8154 410553 927 0 140 45 0 0',
    'cpu10 1 1 1 1 1 1 1 1 0 0',
    'intr 1229522 0 0',
    '',
  ].join('\n');

  test.each([
    [0, { programsMs: 232820, stolenMs: 350 }],
    [1, { programsMs: 311270, stolenMs: 450 }],
    [10, { programsMs: 30, stolenMs: 10 }],
  ])('gives the times of core %d', (core, expected) => {
    expect(parseCoreTimes(stat, core)).toEqual(expected);
  });

  test('lacks a core that is not there', () => {
    expect(() => parseCoreTimes(stat, 2)).toThrow('/proc/stat knows no core 2');
  });
});

test('/proc/PID/status gives sizes in bytes', () => {
  const status = 'Name:\tnode\nVmPeak:\t 1150896 kB\nVmHWM:\t   58648 kB\nVmRSS:\t   50000 kB\n';
  expect(parseStatusBytes(status, 'VmHWM')).toBe(58648 * 1024);
  expect(parseStatusBytes(status, 'VmRSS')).toBe(50000 * 1024);
  expect(() => parseStatusBytes(status, 'VmSwap')).toThrow('no number: VmSwap');
});
