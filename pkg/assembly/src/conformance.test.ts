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

const zstd = ['--local_store.compression=zstd', '--backing_cache.compression=zstd'];

describe('a whole goREgo before another, with all compressed that can be', () => {
  const owned = new AsyncDisposableStack();
  let running: Running;

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gorego-conformance-'));
    owned.defer(() => rm(directory, { recursive: true }));
    const { address } = owned.use(await assembled(directory, '--local_store.dir=far', ...zstd)).rpc;
    const target = `--backing_cache.target=grpc://127.0.0.1:${address.port}`;
    running = owned.use(await assembled(directory, '--local_store.dir=near', target, ...zstd));
  }, patienceMs);
  afterAll(() => owned.disposeAsync(), patienceMs);

  describe.each(casesFor(gorego))('%s: it', (_, cases) => {
    test.each(cases)('$name', ({ run }) => run({ ...gorego, address: running.rpc.address }), patienceMs);
  });
});
