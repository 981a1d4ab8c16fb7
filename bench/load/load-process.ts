import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { atExit } from '../at-exit.ts';

/** A program of this folder in a process of its own, so that what it does is measured apart from who started it. */
export class LoadProcess<Result> {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts `program` and resolves when it is ready for `job`. It is on the cores of this process. */
  static async start<Result>(program: string, job: object): Promise<LoadProcess<Result>> {
    const path = fileURLToPath(new URL(program, import.meta.url));
    const child = spawn(process.execPath, ['--conditions=gorego-source', path], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced', // Bodies are bytes.
    });
    const forget = atExit(() => child.kill('SIGKILL'));
    child.once('exit', forget);
    child.send(job);
    const self = new LoadProcess<Result>(child);
    await self.#message();
    return self;
  }

  /** Lets it do its job; it ends with that. */
  async go(): Promise<Result> {
    this.#child.send('go');
    const { result } = (await this.#message()) as { result: Result };
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return result;
  }

  async #message(): Promise<unknown> {
    const abort = new AbortController();
    try {
      const gone = once(this.#child, 'exit', { signal: abort.signal }).then(([code, signal]) => {
        throw new Error(`the load generator ended with ${signal ?? `status ${code}`}`);
      });
      const [message] = (await Promise.race([once(this.#child, 'message', { signal: abort.signal }), gone])) as [
        unknown,
      ];
      return message;
    } finally {
      abort.abort();
    }
  }
}
