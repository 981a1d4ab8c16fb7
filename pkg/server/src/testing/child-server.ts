import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Address } from '@gorego/rpc';

/** Resident memory, bytes. */
export interface Memory {
  readonly nowBytes: number;
  /** The most there was since it was asked last. */
  readonly peakBytes: number;
}

/** A server in a process of its own, over a LocalStore in a directory, for what can be seen only from outside. */
export class ChildServer implements AsyncDisposable {
  readonly address: Address;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: Address) {
    this.#child = child;
    this.address = address;
  }

  static async start(directory: string, resumeWindowMs = 60_000): Promise<ChildServer> {
    const extension = extname(import.meta.url);
    const main = new URL(`./child-main${extension}`, import.meta.url);
    // Sources find each other as sources; compiled code as compiled code.
    const execArgv = extension === '.ts' ? ['--conditions=gorego-source', '--no-warnings'] : [];
    const child = fork(main, [directory, String(resumeWindowMs)], { execArgv });
    return new ChildServer(child, await messageFrom<Address>(child));
  }

  memory(): Promise<Memory> {
    const answer = messageFrom<Memory>(this.#child);
    this.#child.send('memory');
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

/** The next message; fails if the process ends without one. */
async function messageFrom<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the server ended: ${code ?? signal}`);
  });
  ended.catch(() => {}); // Later ends are nobody's concern.
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message as T;
}
