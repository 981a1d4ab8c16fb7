import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { compilerOn, examplesOf } from './examples.ts';
import { repositoryTree } from './tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the examples in the READMEs compile', () => {
  const tree = repositoryTree(root);
  const readmes = [...tree.paths].filter((path) => /(^|\/)README\.md$/.test(path));
  const examples = readmes.flatMap((path) => examplesOf(path, tree.text(path)));
  expect(examples.length).toBeGreaterThan(10);
  expect(compilerOn(examples, root)).toEqual([]);
});

test('an example that does not compile is found, by document and line', () => {
  const text = "# Title\n\n```ts\nimport { Digest } from '@gorego/digest';\nDigest.of(1);\n```\n\n```sh\nls\n```\n";
  expect(compilerOn(examplesOf('pkg/x/README.md', text), root)).toEqual([
    expect.stringMatching(/^pkg\/x\/README\.md\(5,8\): error TS2554: Expected 3 arguments/),
  ]);
});
