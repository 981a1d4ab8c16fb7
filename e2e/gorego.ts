import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * How to start gorego: the words of GOREGO_COMMAND (a JSON list), or the program that GOREGO_BIN names, or the sources.
 */
export const command: readonly [string, ...string[]] = commandOf(process.env);

function commandOf({ GOREGO_COMMAND: words, GOREGO_BIN: program }: NodeJS.ProcessEnv): [string, ...string[]] {
  if (words !== undefined) return JSON.parse(words) as [string, ...string[]];
  if (program !== undefined) return [program];
  return [process.execPath, '--conditions=gorego-source', join(root, 'cmd/gorego/src/main.ts')];
}

/** A running gorego of its own, with what it has logged. Disposing it kills it. */
export interface Gorego extends AsyncDisposable {
  readonly child: ChildProcess;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly messages: readonly string[];
  /** Waits for a log message that matches. */
  said(pattern: RegExp): Promise<string>;
  /** Resolves to the exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface StartOptions {
  readonly cwd?: string;
  /** Told of the process, before it serves. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/** Starts gorego on a free port of the loopback and waits until it serves. */
export async function startGorego(
  args: readonly string[],
  { cwd = root, onSpawn = () => {} }: StartOptions = {},
): Promise<Gorego> {
  const [program, ...first] = command;
  const child = spawn(program, [...first, '--listen_addr=127.0.0.1:0', '--telemetry.log.format=json', ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onSpawn(child);
  const messages: string[] = [];
  const waiting = new Set<() => void>();
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('exit', (code, signal) => {
      resolve(code ?? signal ?? -1);
      for (const wake of waiting) wake();
    });
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    messages.push(String((JSON.parse(line) as { msg: unknown }).msg));
    for (const wake of waiting) wake();
  });
  const said = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = messages.find((message) => pattern.test(message));
      if (found !== undefined) return found;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`gorego ended: ${messages.join('\n')}`);
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };
  const welcome = await said(/serves grpc:\/\//);
  const [, address = ''] = /grpc:\/\/([^,\s]+)/.exec(welcome) ?? [];
  return {
    child,
    address,
    messages,
    said,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A directory that is gone afterwards, whatever was left in it. */
export async function temporary(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'gorego-e2e-'));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 });
  return { path, [Symbol.asyncDispose]: remove };
}
