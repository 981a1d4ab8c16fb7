import { describe, expect, test } from '@jest/globals';
import { instancePattern } from './instance-pattern.ts';

const names = ['', 'team', 'team-a', 'team-a/x', 'team-a/x/y', 'team-ab', 'b/team-a'];

describe('instancePattern', () => {
  test.each([
    ['', ['']],
    ['team-a', ['team-a']],
    ['team-a/*', ['team-a', 'team-a/x', 'team-a/x/y']],
    ['team-a/x/*', ['team-a/x', 'team-a/x/y']],
    ['*', names],
  ])('%j is %j', (text, expected) => {
    expect(names.filter(instancePattern(text).matches)).toEqual(expected);
  });

  test.each(['a*', '*/a', 'a/*/b', 'a//b', '/a', '/*', 'a/', 'blobs', 'a/uploads/*', 'x'.repeat(1025)])(
    'refuses %j',
    (text) => {
      expect(() => instancePattern(text)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    },
  );
});
