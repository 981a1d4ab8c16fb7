import { describe, expect, test } from '@jest/globals';
import { regionsIn, withRegion } from './regions.ts';

const page = `# Performance

Prose before.

<!-- bench:begin unary -->

| old |

<!-- bench:end unary -->

Prose between.

<!-- bench:begin reads -->
<!-- bench:end reads -->
`;

describe('withRegion', () => {
  test('replaces what is in the region and leaves the rest alone', () => {
    expect(withRegion(page, 'unary', '| new |\n| $& |\n')).toBe(page.replace('| old |', () => '| new |\n| $& |'));
  });

  test('fills an empty region, and does the same when done again', () => {
    const once = withRegion(page, 'reads', 'table') ?? '';
    expect(once).toContain('<!-- bench:begin reads -->\n\ntable\n\n<!-- bench:end reads -->\n');
    expect(withRegion(once, 'reads', 'table')).toBe(once);
  });

  test('knows no region of another name', () => {
    expect(withRegion(page, 'read', 'table')).toBeUndefined();
  });

  test.each([
    ['does not end', '<!-- bench:begin a -->\n'],
    ['does not begin', '<!-- bench:end a -->\n'],
    ['ends before it begins', '<!-- bench:end a -->\n<!-- bench:begin a -->\n'],
    ['is there twice', '<!-- bench:begin a -->\n<!-- bench:end a -->\n'.repeat(2)],
  ])('refuses a region that %s', (_, text) => {
    expect(() => withRegion(text, 'a', 'table')).toThrow('needs one');
  });
});

test('a page names its regions', () => {
  expect(regionsIn(page)).toEqual(['unary', 'reads']);
});
