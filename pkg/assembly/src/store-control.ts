import { resolve } from 'node:path';
import type { Config } from '@gorego/config';
import { background, TaskGroup } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { DirectoryLock, NodeDisk } from '@gorego/platform';
import { Metrics } from '@gorego/telemetry';
import { nearStore } from './near-store.ts';
import { type Kept, runStoreCommand, type Said, type StoreCommand } from './store-commands.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Takes a store's directory for this process, and does there what others ask for: `gorego du` and its like find whoever
 * serves the directory, and ask it. `already_exists` if another process has it. Until there is something `kept`, only the
 * pid is told.
 */
export function lockStore(directory: string, kept: () => Kept | undefined): Promise<DirectoryLock> {
  return DirectoryLock.take(directory, (request, response) => {
    const asked = new URL(request.url ?? '/', 'http://store');
    const command = commandIn(asked);
    const here = kept();
    if (asked.pathname === '/pid') {
      response.end(`${process.pid}\n`);
    } else if (command === undefined || request.method !== 'POST') {
      response.writeHead(404).end();
    } else if (here === undefined) {
      response.writeHead(503).end(`${JSON.stringify({ line: 'it is only just starting' })}\n{"status":1}\n`);
    } else {
      const tell = async (): Promise<void> => {
        for await (const said of runStoreCommand(background(), command, here)) {
          if (response.destroyed) return;
          response.write(`${JSON.stringify(said)}\n`);
        }
        response.end();
      };
      tell().catch((reason: unknown) => {
        response.end(`${JSON.stringify({ line: Failure.from(reason).message })}\n{"status":1}\n`);
      });
    }
  });
}

/** Has it done by whoever serves the store, or, if nobody does, does it. */
export async function* commandStore(
  config: Config,
  command: StoreCommand,
  surroundings: Surroundings,
): AsyncGenerator<Said> {
  const directory = resolve(surroundings.directory, config.localStore.dir);
  const answer = await DirectoryLock.ask(directory, 'POST', pathOf(command));
  if (answer !== undefined) {
    yield* parsed(answer);
    return;
  }
  await using stack = new AsyncDisposableStack();
  stack.use(await lockStore(directory, () => undefined));
  const tasks = stack.use(new TaskGroup(background(), () => {}));
  const metrics = new Metrics({ isProcess: false });
  const kept = stack.use(await nearStore({ ...surroundings, config, disk: new NodeDisk(directory), tasks, metrics }));
  await kept.store.reconciled();
  for await (const said of runStoreCommand(background(), command, { ...kept, clock: surroundings.clock })) yield said;
}

function pathOf(command: StoreCommand): string {
  if (command.name === 'gc') return `/gc${command.toBytes === undefined ? '' : `?to=${command.toBytes}`}`;
  return command.name === 'verify' && command.repair ? '/verify?repair' : `/${command.name}`;
}

function commandIn({ pathname, searchParams }: URL): StoreCommand | undefined {
  const to = searchParams.get('to');
  switch (pathname) {
    case '/du':
      return { name: 'du' };
    case '/verify':
      return { name: 'verify', repair: searchParams.has('repair') };
    case '/gc':
      return { name: 'gc', toBytes: to === null ? undefined : Number(to) };
    default:
      return undefined;
  }
}

async function* parsed(answer: AsyncIterable<Buffer>): AsyncGenerator<Said> {
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Said;
  }
}
