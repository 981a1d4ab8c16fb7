#!/usr/bin/env node
import type { StoreCommand } from '@gorego/assembly';
import { ConfigProblems, fromFlags, type Loaded, loadConfig, parseSize, printEffective } from '@gorego/config';
import { Failure } from '@gorego/errors';
import { askHealth } from './health.ts';
import { helpText } from './help.ts';
import { serve } from './serve.ts';
import { store } from './store.ts';
import { version } from './version.ts';

/** Runs the command that `args` say; returns the exit status. 2 is for what was typed or written wrongly. */
async function main(args: readonly string[]): Promise<number> {
  const { words, options, said } = fromFlags(args);
  const [command = 'serve', operand, ...more] = words;
  if (options.has('help')) return print(helpText());
  if (options.has('version')) return print(`gorego ${version}\n`);

  // `bazel run` starts programs elsewhere, and says where the person is.
  const directory = process.env['BUILD_WORKING_DIRECTORY'] ?? process.cwd();
  const load = (file: string | undefined): Promise<Loaded> =>
    loadConfig({ directory, file, environment: process.env, flags: said });
  const misused = (why: string): number => complain(`${why}; see gorego --help`, 2);

  switch (command) {
    case 'serve':
      if (operand !== undefined) return misused(`serve takes no ${operand}`);
      await serve(await load(options.get('config')), directory);
      return 0;
    case 'config':
      if (operand !== undefined) return misused(`config takes no ${operand}`);
      return print(printEffective(await load(options.get('config'))));
    case 'check-config':
      if (operand === undefined || more.length > 0) return misused('check-config takes one FILE');
      await load(operand);
      return print(`${operand}: nothing wrong\n`);
    case 'health': {
      if (more.length > 0) return misused('health takes one HOST:PORT');
      const status = await askHealth(operand ?? (await load(options.get('config'))).config.listenAddr);
      print(`${status}\n`);
      return status === 'SERVING' ? 0 : 1;
    }
    case 'du':
    case 'verify':
    case 'gc': {
      if (operand !== undefined) return misused(`${command} takes no ${operand}`);
      const { config } = await load(options.get('config'));
      const wanted = storeCommand(command, options);
      if (wanted === undefined) return misused(`--to takes a size such as 5GiB, not ${options.get('to')}`);
      return await store(config, wanted, directory);
    }
    default:
      return misused(`there is no command ${JSON.stringify(command)}`);
  }
}

function storeCommand(name: 'du' | 'verify' | 'gc', options: ReadonlyMap<string, string>): StoreCommand | undefined {
  if (name === 'du') return { name };
  if (name === 'verify') return { name, repair: options.has('repair') };
  const to = options.get('to');
  const toBytes = to === undefined ? undefined : parseSize(to);
  return to !== undefined && toBytes === undefined ? undefined : { name, toBytes };
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(message: string, status: number): number {
  process.stderr.write(message.replace(/^/gm, 'gorego: ').concat('\n'));
  return status;
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (reason: unknown) => {
    if (!(reason instanceof ConfigProblems || reason instanceof Failure)) throw reason;
    process.exitCode = complain(reason.message, reason instanceof ConfigProblems ? 2 : 1);
  },
);
