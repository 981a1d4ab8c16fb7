import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFunctionNames } from '@gorego/digest';
import { casesFor, type Subject } from '@gorego/server/testing';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

const gorego: Omit<Subject, 'address'> = {
  mode: 'strict',
  functions: digestFunctionNames,
  offers: ['zstd', 'deflate', 'brotli', 'resume', 'chunking', 'asset', 'health', 'reflection'],
  instances: ['', 'a', 'a/b/c', 'ö-ä .x'],
};

/** Far above what any case takes: a limit for what hangs. */
const patienceMs = 120_000;

/** Makes a goREgo below `directory`, and what is behind it; `keep` what must end after it. */
type Make = (directory: string, keep: (running: Running) => Running) => Promise<Running>;

describe.each<[string, Make]>([
  ['that stores blobs compressed', (directory) => assembled(directory, '--local_store.compression=zstd')],
  [
    'before another, over a compressed line',
    async (directory, keep) => {
      const { address } = keep(await assembled(directory, '--local_store.dir=far')).rpc;
      const target = `--backing_cache.target=grpc://127.0.0.1:${address.port}`;
      return assembled(directory, '--local_store.dir=near', target, '--backing_cache.compression=zstd');
    },
  ],
])('a goREgo %s', (_, make) => {
  const owned = new AsyncDisposableStack();
  let running: Running;

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gorego-conformance-'));
    owned.defer(() => rm(directory, { recursive: true }));
    running = owned.use(await make(directory, (behind) => owned.use(behind)));
  }, patienceMs);
  afterAll(() => owned.disposeAsync(), patienceMs);

  describe.each(casesFor(gorego))('%s: it', (_, cases) => {
    test.each(cases)('$name', ({ run }) => run({ ...gorego, address: running.rpc.address }), patienceMs);
  });
});
