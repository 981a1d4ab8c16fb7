import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { conformance } from '@gorego/server/testing';
import { describe, expect, test } from '@jest/globals';
import { repositoryTree } from './tree.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** How many obligations of each kind there are: each has a row. */
const counts: Readonly<Record<string, number>> = {
  GEN: 16,
  CAP: 13,
  FMB: 10,
  BUB: 11,
  BRB: 8,
  GTR: 10,
  SPL: 5,
  SPC: 5,
  CM: 5,
  BSR: 17,
  BSW: 25,
  BSQ: 4,
  AC: 19,
  HL: 1,
  RF: 1,
  PX: 8,
  AS: 7,
};
const ids = Object.entries(counts).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, i) => `${kind}-${i + 1}`),
);

/** Files a row names, from the root. */
function filesOf(cell: string): string[] {
  return cell.split(', ').map((name) => {
    if (!name.includes('.')) return `pkg/server/src/testing/conformance/${name}.ts`;
    return name.startsWith('pkg/') ? name : `pkg/server/src/${name}`;
  });
}

const rows = Array.from(
  read('docs/protocol.md').matchAll(/^\| +([A-Z]+-\d+) +\|.*\| +([^|]+?) +\|$/gm),
  ([, id, cell]) => ({
    id: id as string,
    files: filesOf(cell as string),
  }),
);

/** Obligations that a file's tests name in their comments. */
function namedIn(path: string): Set<string> {
  const comments = read(path).matchAll(/\/\/ obligation: ([A-Z0-9-]+(?:, [A-Z0-9-]+)*)/g);
  return new Set(Array.from(comments, ([, list]) => list?.split(', ') ?? []).flat());
}

describe('docs/protocol.md', () => {
  test('has a row for each obligation, in order', () => {
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  test.each(rows)('knows where $id is tested', ({ id, files }) => {
    for (const file of files) {
      expect([file, existsSync(fileURLToPath(new URL(file, root)))]).toEqual([file, true]);
      expect([file, namedIn(file).has(id)]).toEqual([file, true]);
    }
  });

  test('knows every test that names an obligation', () => {
    const tests = [...repositoryTree(fileURLToPath(root)).paths].filter((path) => /^(pkg|cmd|e2e)\/.*\.ts$/.test(path));
    const named = tests.flatMap((path) => [...namedIn(path)].map((id) => `${id} in ${path}`));
    const listed = new Set(rows.flatMap(({ id, files }) => files.map((file) => `${id} in ${file}`)));
    expect(named.filter((each) => !listed.has(each))).toEqual([]);
  });
});

describe.each(Object.entries(conformance))('conformance cases of %s', (group, cases) => {
  const path = `pkg/server/src/testing/conformance/${group}.ts`;

  test('are in the table, with every obligation they name', () => {
    for (const id of cases.flatMap(({ obligations }) => obligations)) {
      expect([id, rows.find((row) => row.id === id)?.files.includes(path)]).toEqual([id, true]);
    }
  });

  test('name in comments what they name in data, and have names of their own', () => {
    expect([...namedIn(path)].sort()).toEqual([...new Set(cases.flatMap(({ obligations }) => obligations))].sort());
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});
