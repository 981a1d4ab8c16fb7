import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, fromFlags, loadConfig } from '@gorego/config';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { NodeDisk, systemClock, systemRandom } from '@gorego/platform';
import { BlobReader, LocalStore } from '@gorego/storage';
import { silent } from '@gorego/telemetry';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { assemble, type Running } from './assemble.ts';
import type { StoreCommand } from './store-commands.ts';
import { commandStore } from './store-control.ts';
import type { Surroundings } from './surroundings.ts';

const ctx = background();
let directory: string;
let config: Config;
let surroundings: Surroundings;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-control-'));
  surroundings = { clock: systemClock, random: systemRandom, log: silent, directory };
  const flags = [
    '--listen_addr=127.0.0.1:0',
    '--local_store.dir=store',
    '--janitor.max_size=50MB',
    '--janitor.min_free=0',
  ];
  ({ config } = await loadConfig({ directory, file: undefined, environment: {}, flags: fromFlags(flags).said }));
});
afterEach(() => rm(directory, { recursive: true }));

const blobs = Array.from({ length: 20 }, (_, i) => Buffer.alloc(i < 10 ? 1000 : 200_000, i + 1));

/** Ten small blobs, ten large ones, and two results. */
async function fill(): Promise<void> {
  await using store = await LocalStore.open({
    ...{ disk: new NodeDisk(join(directory, 'store')), random: systemRandom, clock: systemClock, boot: 'this one' },
  });
  for (const bytes of blobs) await store.blobs.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
  const action = Digest.ofBytes(Buffer.from('action'));
  await store.actions('').put(ctx, action, Buffer.from('result'));
  await store.actions('team/a').put(ctx, action, Buffer.from('result'));
  await store.reconciled();
}

async function run(command: StoreCommand): Promise<{ lines: string[]; status: number | undefined }> {
  const lines: string[] = [];
  let status: number | undefined;
  for await (const said of commandStore(config, command, surroundings)) {
    if ('line' in said) lines.push(said.line);
    if ('status' in said) status = said.status;
  }
  return { lines, status };
}

async function rot(): Promise<void> {
  const files = await readdir(join(directory, 'store', 'cas'), { recursive: true });
  const large = join(directory, 'store', 'cas', files.find((name) => name.length > 60) as string);
  const bytes = await readFile(large);
  bytes[7] = 0xff & ~(bytes[7] as number);
  await writeFile(large, bytes);
  const segment = join(directory, 'store', 'segments', '0000000001');
  const records = await readFile(segment);
  records[500] = 0xff & ~(records[500] as number);
  await writeFile(segment, records);
}

describe.each([
  ['that is served', true],
  ['that nobody serves', false],
])('of a store %s', (_, isServed) => {
  let gorego: Running | undefined;
  const serve = async (): Promise<void> => {
    gorego = isServed ? await assemble(config, surroundings) : undefined;
  };
  afterEach(async () => {
    await gorego?.[Symbol.asyncDispose]();
  });

  test('du says what is in it', async () => {
    await fill();
    await serve();
    const { lines, status } = await run({ name: 'du' });
    expect(status).toBe(0);
    const table = lines.map((line) => line.trim().replace(/ +/g, ' '));
    expect(table).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^2\.\d MB 20 blobs, sha256$/),
        expect.stringMatching(/^\d+ B 1 results$/),
        expect.stringMatching(/^\d+ B 1 results, instance team\/a$/),
        expect.stringMatching(/^2\.\d MB 22 used in the last hour$/),
        expect.stringMatching(/^2\.\d MB on the disk, of 50 MB$/),
      ]),
    );
  });

  test('verify finds what is wrong, and sets it aside when told to', async () => {
    await fill();
    await serve();
    expect(await run({ name: 'verify', repair: false })).toMatchObject({ status: 0 });
    await rot();
    const { lines, status } = await run({ name: 'verify', repair: false });
    expect(status).toBe(1);
    expect(lines.filter((line) => line.startsWith('wrong bytes: sha256:'))).toHaveLength(2);
    expect(await run({ name: 'verify', repair: true })).toMatchObject({ status: 0 });
    expect(await run({ name: 'verify', repair: false })).toMatchObject({ status: 0 });
    expect((await readdir(join(directory, 'store', 'quarantine'))).length).toBe(2);
  });

  test('gc removes what was used longest ago, down to what it is told', async () => {
    await fill();
    await serve();
    const { lines, status } = await run({ name: 'gc', toBytes: 1_200_000 });
    expect(status).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^2\.\d MB before, (1\.[0-2] MB|\d{3} kB) now$/)]);
  });
});

test('a store has one gorego', async () => {
  await using _first = await assemble(config, surroundings);
  await expect(assemble(config, surroundings)).rejects.toMatchObject({
    message: `${join(directory, 'store')} is in use by another gorego: process ${process.pid}`,
  });
});
