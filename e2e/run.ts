import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from '@jest/globals';

export interface Ran {
  readonly status: number | NodeJS.Signals;
  readonly output: string;
}

/** Runs a program to its end, with stdout and stderr as one text. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ status: code ?? signal ?? -1, output }));
  });
}

/** The same, and a failure with all it printed unless it succeeds. */
export async function succeed(...args: Parameters<typeof run>): Promise<string> {
  const { status, output } = await run(...args);
  if (status !== 0) throw new Error(`${args[0]} ${args[1].join(' ')} ended with ${status}:\n${output}`);
  return output;
}

export function findOnPath(program: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

export interface TestWithOptions {
  readonly isOptional?: boolean | undefined;
  readonly unfit?: ((path: string) => string | undefined) | undefined;
}

/**
 * A test that needs a program on PATH. Without it the test says that it was skipped, and why; where GOREGO_E2E is
 * `required`, as in CI, it fails, unless the program is one that not even CI need have. `unfit` says why one that is there
 * will not do.
 */
export function testWith(
  program: string,
  name: string,
  body: (path: string) => Promise<void>,
  timeoutMs: number,
  { isOptional = false, unfit }: TestWithOptions = {},
): void {
  const path = findOnPath(program);
  const why = path === undefined ? `no ${program} on PATH` : unfit?.(path);
  if (path !== undefined && why === undefined) {
    test(name, () => body(path), timeoutMs);
    return;
  }
  test(`${name} (skipped: ${why})`, () => {
    if (process.env['GOREGO_E2E'] === 'required' && !isOptional) throw new Error(`${why}, and GOREGO_E2E=required`);
    console.warn(`skipped: ${why}: ${name}`);
  });
}
