import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBazelWorkspace } from './bazel-workspace.ts';
import { succeed } from './run.ts';

/** What a whole test with Bazel may take. */
export const bazelTimeoutMs = 300_000;

/** Bazel in a workspace of its own, apart from whatever the machine has configured. Disposing it stops its server. */
export async function bazelIn(
  bazel: string,
  base: string,
  ...startupFlags: string[]
): Promise<{ run(...args: string[]): Promise<string> } & AsyncDisposable> {
  const workspace = join(base, 'workspace');
  await mkdir(workspace);
  await writeBazelWorkspace(workspace);
  const startup = ['--nohome_rc', '--noworkspace_rc', `--output_user_root=${join(base, 'output')}`, ...startupFlags];
  const run = (command = '', ...args: string[]): Promise<string> =>
    succeed(bazel, [...startup, command, ...args], { cwd: workspace, env: { USE_BAZEL_VERSION: '' } });
  return {
    run,
    [Symbol.asyncDispose]: async () => {
      await run('shutdown');
      await succeed('chmod', ['-R', 'u+w', join(base, 'output')], { cwd: base });
    },
  };
}

/** Everything that was built, by name and content. */
export async function outputs(base: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const collect = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(base, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) await collect(name);
      else if (!/\.params$|\.d$|runfiles|MANIFEST/.test(name)) {
        found.set(
          name,
          createHash('sha256')
            .update(await readFile(join(base, name)))
            .digest('hex'),
        );
      }
    }
  };
  await collect('workspace/bazel-bin');
  return found;
}
