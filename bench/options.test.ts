import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('options', () => {
  test('measure everything three times unless told otherwise', () => {
    expect(parseOptions([])).toMatchObject({ only: /(?:)/, gorego: [], extent: { rounds: 3, forMs: 1500 } });
  });

  test('make a quick run longer again', () => {
    expect(parseOptions(['--quick', '--rounds', '2', '--store-sizes=0,1000000'])).toMatchObject({
      extent: { rounds: 2, forMs: 500, storeSizes: [0, 1_000_000] },
    });
  });

  test('name goregos to compare', () => {
    expect(parseOptions(['--gorego', 'dist/gorego', '--gorego=before=../before'])).toMatchObject({
      gorego: [
        { name: 'gorego', path: 'dist/gorego' },
        { name: 'before', path: '../before' },
      ],
    });
  });

  test.each([
    [['--rounds', 'many'], 'not a number: many'],
    [['--nothing-like-it'], "Unknown option '--nothing-like-it'"],
    [['stray'], "Unexpected argument 'stray'"],
  ])('refuse %j', (args, why) => {
    expect(() => parseOptions(args)).toThrow(why);
  });
});
