import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { commands } from './configuration.ts';
import { documents } from './documents.ts';
import { expectations } from './expectations.ts';
import { layering } from './layering.ts';
import { metrics } from './metrics.ts';
import { dependencies, packages } from './packages.ts';
import { untidy } from './tidy.ts';
import { importsOf, repositoryTree, type Tree, treeOf, type Untidy } from './tree.ts';

test('the repository is tidy', () => {
  const found = untidy(repositoryTree(fileURLToPath(new URL('../..', import.meta.url))));
  expect(found.map(({ path, message }) => `${path}: ${message}`)).toEqual([]);
});

const messages = (check: (tree: Tree) => Untidy[], texts: Record<string, string>): string[] =>
  check(treeOf(texts)).map(({ message }) => message);

describe('layering', () => {
  test.each([
    [
      'errors imports nothing',
      'pkg/errors/src/a.ts',
      "import { x } from '@gorego/digest';",
      'errors may not import digest',
    ],
    [
      'types count too',
      'pkg/digest/src/a.ts',
      "import type { x } from '@gorego/storage';",
      'digest may not import storage',
    ],
    ['re-exports count too', 'pkg/digest/src/a.ts', "export { x } from '@gorego/rpc';", 'digest may not import rpc'],
    ['no way around by path', 'pkg/digest/src/a.ts', "import '../../storage/src/b.ts';", /leaves the package/],
    ['no testing in libraries', 'pkg/server/src/a.ts', "import { x } from '@gorego/storage/testing';", /is for tests/],
    ['no Node by default', 'pkg/storage/src/a.ts', "import fs from 'node:fs';", /^node:fs is not for this file/],
    ['extensions', 'pkg/storage/src/a.ts', "import { x } from './b';", './b is imported without its .ts'],
    ['unknown packages', 'pkg/nova/src/a.ts', "import { x } from './b.ts';", /has no layer/],
  ])('%s', (_, path, text, expected) => {
    expect(messages(layering, { [path]: text })).toEqual([expect.stringMatching(expected)]);
  });

  test('lets tests use what they need', () => {
    const text = "import fs from 'node:fs';\nimport { x } from '@gorego/storage/testing';";
    expect(messages(layering, { 'pkg/digest/src/a.test.ts': text })).toEqual([]);
  });
});

describe('packages', () => {
  const manifest = JSON.stringify({
    name: '@gorego/x',
    exports: { '.': { 'gorego-source': './src/index.ts' } },
    dependencies: { yaml: '1.0.0' },
  });
  const whole = {
    '.bazelignore': 'pkg/x/node_modules\n',
    'pkg/x/package.json': manifest,
    'pkg/x/README.md': '',
    'pkg/x/BUILD.bazel': '',
    'pkg/x/src/index.ts': "export { a } from './a.ts';",
    'pkg/x/src/a.ts': "import 'yaml';",
    'pkg/x/src/a.test.ts': "import { a } from './a.ts';",
  };

  test('a whole one is tidy', () => {
    expect(messages(packages, whole)).toEqual([]);
  });

  test.each<[string, Record<string, string | undefined>, string]>([
    ['no README', { 'pkg/x/README.md': undefined }, 'has no README.md'],
    ['a folder of links that Bazel sees', { '.bazelignore': '' }, '.bazelignore has no line for its node_modules'],
    ['no tests', { 'pkg/x/src/a.test.ts': undefined }, 'has no tests'],
    ['an orphan', { 'pkg/x/src/b.ts': '' }, 'nothing imports this file'],
    [
      'an undeclared import',
      { 'pkg/x/src/a.ts': "import 'yaml';\nimport 'pino';" },
      'pino is imported always and not declared',
    ],
    ['an unused dependency', { 'pkg/x/src/a.ts': '' }, 'yaml is declared and never imported'],
  ])('%s is told', (_, change, expected) => {
    const texts = Object.entries({ ...whole, ...change }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    expect(messages(packages, Object.fromEntries(texts))).toEqual([expected]);
  });
});

test('dependencies are pinned, and explained', () => {
  const texts = {
    'package.json': '{"dependencies": {"a": "1.0.0", "b": "^1.0.0"}}',
    'docs/dependencies.md': '| `b` | why |\n| `c` | why |\n',
  };
  expect(messages(dependencies, texts)).toEqual([
    'b is not pinned: ^1.0.0',
    'says nothing of a, which package.json uses',
    'lists c, which nothing uses',
  ]);
});

test('metrics are listed', () => {
  const texts = {
    'pkg/telemetry/src/metrics.ts': "x('gorego_a_total'); y('gorego_b');",
    'docs/operating.md': '| `gorego_a_total{code}`, `gorego_c` | what |\n',
  };
  expect(messages(metrics, texts)).toEqual([
    'has no row for the metric gorego_b',
    'lists gorego_c, which is no metric',
  ]);
});

describe('documents', () => {
  test('links lead somewhere', () => {
    const texts = {
      'docs/a.md': '# One thing\n[x](b.md) [y](../pkg) [z](https://example.com/nowhere) [w](#one-thing) `[c](code)`',
      'docs/b.md': '[gone](c.md) [no heading](a.md#two)\n```\n[in code](nowhere)\n```\n',
      'pkg/x': '',
    };
    expect(messages(documents, texts)).toEqual([
      'the link to code leads nowhere',
      'the link to c.md leads nowhere',
      'docs/a.md has no heading #two',
    ]);
  });

  test('numbered documents have numbers of their own', () => {
    const text = '---\ntitle: A\nstatus: final\ndate: 2026-01-31\n---\n';
    const texts = { 'docs/retro/0001-a.md': text, 'docs/retro/0001-b.md': text, 'docs/retro/0002-a.md': text };
    expect(messages(documents, texts)).toEqual(['has the number of another']);
  });

  test('dated documents say what they are', () => {
    const texts = {
      'docs/plan/a.md': '---\ntitle: A\nstatus: current\ndate: 2026-01-31\n---\n# A',
      'docs/plan/b.md': '---\ntitle: B\nstatus: maybe\n---\n',
      'docs/retro/c.md': '# C',
    };
    expect(messages(documents, texts)).toEqual([
      'has status "maybe"; one of proposed, current, done, dropped is meant',
      'has no date (YYYY-MM-DD)',
      'has no front matter (title, status, date)',
    ]);
  });
});

test('imports are found in every form', () => {
  const source = `import a from 'a';\nimport {\n  b,\n} from "b";\nimport 'c';\nexport * from 'd';\nconst e = await import('e');\nconst text = "from 'f'";`;
  expect(importsOf(source)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

describe('expectations', () => {
  const found = (...body: string[]): string[] =>
    messages(expectations, { 'pkg/x/src/a.test.ts': ["test('a', async () => {", ...body, '});', ''].join('\n') });

  test.each([
    ['first', '  expect(call()).rejects.toThrow();'],
    ['after another', '  await expect(a).resolves.toBe(1);', '  expect(call()).rejects.toThrow();'],
    ['after a comment', '  // obligation: BSW-13', '  expect(call()).rejects.toThrow();'],
    ['of several lines', '  if (isLate)', '    expect(call())', '      .rejects.toThrow();'],
  ])('must be awaited, %s', (_, ...body) => {
    expect(found(...body)).toEqual([expect.stringMatching(/^nobody awaits expect\(call\(\)\) ?\.rejects$/)]);
  });

  test.each([
    ['awaited', '  await expect(call()).rejects.toThrow();'],
    ['returned', '  return expect(call()).rejects.toThrow();'],
    [
      'gathered',
      '  await Promise.all([',
      '    expect(a).rejects.toThrow(),',
      '    expect(b).resolves.toBe(1),',
      '  ]);',
    ],
    ['given on', '  await calls.map((call) =>', '    expect(call()).rejects.toThrow());'],
    ['of values', '  expect(rejects).toBe(1);', '  await expect(call()).rejects.toThrow();'],
  ])('may be %s', (_, ...body) => {
    expect(found(...body)).toEqual([]);
  });
});

describe('commands', () => {
  const usage = 'usage:\n  gorego [flags]   serve\n  gorego du [flags]\n  gorego check-config FILE\n';
  const found = (operating: string): string[] =>
    messages(commands, { 'cmd/gorego/src/help.ts': usage, 'docs/operating.md': operating });

  test('are explained to whoever operates it', () => {
    expect(found('`gorego du` says; `gorego check-config FILE` checks')).toEqual([]);
    expect(found('`gorego check-config FILE` checks')).toEqual(['says nothing of gorego du']);
  });
});
