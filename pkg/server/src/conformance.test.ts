import { digestFunctionNames } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Address } from '@gorego/rpc';
import { type ActionCache, MemoryActions, MemoryBlobs } from '@gorego/storage';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { ChildServer } from './testing/child-server.ts';
import { casesFor, type ServedStores, type Subject, serveCache } from './testing/index.ts';
import { scratchDirectory } from './testing/scratch-directory.ts';

/** What goREgo is today. */
const gorego: Omit<Subject, 'address'> = {
  mode: 'strict',
  functions: digestFunctionNames,
  offers: ['zstd', 'deflate', 'brotli', 'resume', 'chunking', 'health', 'reflection'],
  instances: ['', 'a', 'a/b/c', 'ö-ä .x'],
};

/** Far above what any case takes: a limit for what hangs. */
const patienceMs = 120_000;

/** What is served, where, for as long as the tests of it last. */
interface Running extends AsyncDisposable {
  readonly address: Address;
}

function memory(): ServedStores {
  const byInstance = new Map<string, ActionCache>();
  const actions = (instance: string): ActionCache => {
    const known = byInstance.get(instance) ?? new MemoryActions();
    byInstance.set(instance, known);
    return known;
  };
  return { blobs: new MemoryBlobs(), actions };
}

/** In a process of its own, as it will be: the tests' and the server's work is done side by side. */
async function disk(): Promise<Running> {
  const directory = await scratchDirectory();
  const server = await ChildServer.start(directory.path);
  return {
    address: server.address,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe.each<[string, () => Promise<Running>]>([
  ['memory', () => serveCache(memory())],
  ['a LocalStore', disk],
])('a cache over %s', (_, start) => {
  let running: Running;

  beforeAll(async () => {
    running = await start();
  }, patienceMs);
  afterAll(async () => running[Symbol.asyncDispose](), patienceMs);

  describe.each(casesFor(gorego))('%s: it', (_, cases) => {
    test.each(cases)('$name', ({ run }) => run({ ...gorego, address: running.address }), patienceMs);
  });
});

describe('a cache of some instances only', () => {
  const instances = ['', 'a'];
  const subject = { ...gorego, instances, unknownInstance: 'b' };
  const known = (name: string): string => {
    if (instances.includes(name)) return name;
    throw new Failure('invalid_argument', `no instance ${JSON.stringify(name)}`);
  };
  const cases = casesFor(subject).flatMap(([group, cases]) => (group === 'instance-names' ? cases : []));

  test.each(cases)('$name', async ({ run }) => {
    await using served = await serveCache(memory(), known);
    await run({ ...subject, address: served.address });
  });
});
