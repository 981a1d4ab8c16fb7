import { expect, test } from '@jest/globals';
import { byPackage, hasCode } from './coverage.ts';

test.each([
  [
    'types alone',
    "/** What. */\nimport type { A } from './a.ts';\nexport interface B {\n  a: A; // Of it.\n}\n",
    false,
  ],
  ['nothing', '', false],
  ['a constant', 'export const a: number = 1;\n', true],
  ['a function', '/** Does. */\nexport function f(): void {}\n', true],
  ['what others export', "export { a } from './a.ts';\n", true],
])('whether there is code in a file: %s', (_, source, expected) => {
  expect(hasCode(source)).toBe(expected);
});

test('coverage adds up by package, without generated code, tests’ helpers and files of types', () => {
  const lines = (total: number, covered: number): { lines: { total: number; covered: number } } => ({
    lines: { total, covered },
  });
  const sums = byPackage(
    {
      total: lines(100, 100),
      '/r/pkg/a/src/x.ts': lines(10, 5),
      '/r/pkg/a/src/y.ts': lines(10, 10),
      '/r/pkg/a/src/testing/z.ts': lines(10, 0),
      '/r/pkg/a/src/types.ts': lines(10, 0),
      '/r/pkg/proto/gen/q.ts': lines(1000, 0),
      '/r/cmd/b/src/main.ts': lines(4, 1),
    },
    '/r',
    (path) => !path.endsWith('types.ts'),
  );
  expect(Object.fromEntries(sums)).toEqual({ 'pkg/a': { total: 20, covered: 15 }, 'cmd/b': { total: 4, covered: 1 } });
});
