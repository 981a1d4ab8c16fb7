import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { succeed } from './run.ts';

const moon = fileURLToPath(new URL('../node_modules/.bin/moon', import.meta.url));

/** What a test with moon may take. */
export const moonTimeoutMs = 120_000;

/** A moon workspace of one task, below `base`, with its remote cache at `address`, over gRPC or HTTP. */
export async function writeMoonWorkspace(
  base: string,
  address: string,
  api: 'grpc' | 'http' = 'grpc',
): Promise<MoonWorkspace> {
  const path = join(base, 'workspace');
  await mkdir(join(path, '.moon'), { recursive: true });
  await mkdir(join(path, 'app'));
  await writeFile(
    join(path, '.moon/workspace.yml'),
    `projects: {app: app}\ntelemetry: false\nremote: {api: ${api}, host: '${api}://${address}'}\n`,
  );
  await writeFile(
    join(path, 'app/moon.yml'),
    `tasks:
  build:
    script: 'mkdir -p out/sub && cat source.txt > out/a && echo built > out/sub/b && head -c 3000000 /dev/zero > out/zeros && echo said'
    inputs: ['source.txt']
    outputs: ['out']
    toolchains: system
`,
  );
  await writeFile(join(path, 'app/source.txt'), 'hello');
  const git = (...args: string[]): Promise<string> =>
    succeed('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], { cwd: path });
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'first');
  return {
    run: () => succeed(moon, ['run', 'app:build'], { cwd: path, env: { HOME: base, MOON_HOME: join(base, 'moon') } }),
    clean: async () => {
      await rm(join(path, 'app/out'), { recursive: true });
      await rm(join(path, '.moon/cache'), { recursive: true, maxRetries: 5 });
    },
    check: async () => {
      expect(await readFile(join(path, 'app/out/a'), 'utf8')).toBe('hello');
      expect(await readFile(join(path, 'app/out/sub/b'), 'utf8')).toBe('built\n');
      expect(await readFile(join(path, 'app/out/zeros'))).toHaveLength(3_000_000);
    },
  };
}

export interface MoonWorkspace {
  /** Runs the task; resolves to what moon printed. */
  run(): Promise<string>;
  /** Forgets outputs and moon's own cache. */
  clean(): Promise<void>;
  /** Are the outputs what the task makes? */
  check(): Promise<void>;
}
