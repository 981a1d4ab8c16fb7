import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { delimiter, join } from 'node:path';

/** Which cores do what, if this machine lets us say. */
export interface Cores {
  readonly server: number | undefined;
  readonly load: number | undefined;
  /** Why there are none. */
  readonly why?: string;
}

/** Takes one core for servers and another for all load, this process included. */
export function claimCores(): Cores {
  const allowed = parseCoreList(/^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
  const none = (why: string): Cores => ({ server: undefined, load: undefined, why });
  const [server, load] = allowed;
  if (server === undefined || load === undefined) return none('this machine has one core: servers and load share it');
  if (executable('taskset') === undefined) return none('there is no taskset: servers and load share all cores');
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', `${load}`, `${process.pid}`]);
  return { server, load };
}

/** The command, to be run on `core` alone; as it is if there is none. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '--cpu-list', `${core}`, ...command];
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function parseCoreList(text = ''): number[] {
  return [...text.matchAll(/([0-9]+)(?:-([0-9]+))?/g)].flatMap(([, from = '', to = from]) => {
    const first = Number(from);
    return Array.from({ length: Number(to) - first + 1 }, (_, i) => first + i);
  });
}

/** Where a program is on PATH, if it is. */
export function executable(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The shape of this machine, in a few words. */
export function describeMachine(): string {
  const count = `${cpus().length} ${cpus().length === 1 ? 'core' : 'cores'}`;
  const kernel = /^[0-9]+\.[0-9]+/.exec(release())?.[0];
  return `${count}, ${cpus()[0]?.model.trim()}; Linux ${kernel}; Node ${process.version}`;
}
