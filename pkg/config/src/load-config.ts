import { Failure } from '@gorego/errors';
import { type Effective, effective } from './effective.ts';
import { type Environment, fromEnvironment, suspectVariables } from './from-environment.ts';
import { findFile, fromFile } from './from-file.ts';
import { ConfigProblems, type Problem } from './problem.ts';
import { merged, type Said } from './settings.ts';

export interface Sources {
  /** Where relative names are relative to, and where a file is looked for. */
  readonly directory: string;
  /** The file that was named, if one was. */
  readonly file: string | undefined;
  readonly environment: Environment;
  /** What the command line says. */
  readonly flags: Said;
}

export interface Loaded extends Effective {
  /** The file that was read. */
  readonly file: string | undefined;
  readonly warnings: readonly Problem[];
}

/**
 * The configuration: defaults, then the file, then the environment, then the flags, the later winning. Throws
 * ConfigProblems with everything that is wrong in any of them.
 */
export async function loadConfig({ directory, file: named, environment, flags }: Sources): Promise<Loaded> {
  const { path, said: inFile } = await readFile(named, directory);
  const { settings, problems } = merged([inFile, fromEnvironment(environment), flags]);
  if (problems.length > 0) throw new ConfigProblems(problems);
  return { ...effective(settings), file: path, warnings: suspectVariables(environment) };
}

async function readFile(
  named: string | undefined,
  directory: string,
): Promise<{ path: string | undefined; said: Said }> {
  try {
    const file = await findFile(named, directory);
    return { path: file?.path, said: file === undefined ? { settings: [], problems: [] } : fromFile(file) };
  } catch (reason) {
    const { message } = Failure.from(reason);
    return { path: undefined, said: { settings: [], problems: [{ where: named ?? directory, message }] } };
  }
}
