import { expect, test } from '@jest/globals';
import { byPackage } from './coverage.ts';

test('coverage adds up by package, without generated code and tests’ helpers', () => {
  const lines = (total: number, covered: number): { lines: { total: number; covered: number } } => ({
    lines: { total, covered },
  });
  const sums = byPackage(
    {
      total: lines(100, 100),
      '/r/pkg/a/src/x.ts': lines(10, 5),
      '/r/pkg/a/src/y.ts': lines(10, 10),
      '/r/pkg/a/src/testing/z.ts': lines(10, 0),
      '/r/pkg/proto/gen/q.ts': lines(1000, 0),
      '/r/cmd/b/src/main.ts': lines(4, 1),
    },
    '/r',
  );
  expect(Object.fromEntries(sums)).toEqual({ 'pkg/a': { total: 20, covered: 15 }, 'cmd/b': { total: 4, covered: 1 } });
});
