import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** An example in a document: a block of TypeScript. */
export interface Example {
  readonly path: string;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly source: string;
}

/** The blocks of a document that are marked as TypeScript. */
export function examplesOf(path: string, text: string): Example[] {
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ({ index, 1: source = '' }) => ({
    path,
    line: text.slice(0, index).split('\n').length + 1,
    source,
  }));
}

/**
 * What the compiler has against the examples, `document(line,column): error …`: each is a module of its own, against the
 * packages' sources below `root`. One run for all.
 */
export function compilerOn(examples: readonly Example[], root: string): string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'gorego-examples-'));
  try {
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(settings(root)));
    for (const [number, { path, line, source }] of examples.entries()) {
      const file = join(scratch, `${number}`, `${path}.mts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '\n'.repeat(line - 1) + source); // What is said of a line is so of the document's.
    }
    const { status, stdout, stderr } = spawnSync(
      join(root, 'node_modules/.bin/tsc'),
      ['-p', '.', '--pretty', 'false'],
      {
        cwd: scratch,
        encoding: 'utf8',
      },
    );
    if (status === 0) return [];
    return `${stdout}${stderr}`
      .trim()
      .split('\n')
      .map((message) => message.replace(/^\d+\/(.*)\.mts\(/, '$1('));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function settings(root: string): unknown {
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      customConditions: ['gorego-source'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: {
        '@gorego/proto/*': [join(root, 'pkg/proto/gen/*.ts')],
        '@gorego/*': [join(root, 'pkg/*/src/index.ts')],
      },
      // An example may end with what its reader goes on with.
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['**/*.mts'],
  };
}
