import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SeededRandom } from '@gorego/simulation';
import { command, type Gorego, startGorego } from '../gorego.ts';
import { diskUse } from './disk-use.ts';
import { loadUntilBroken } from './load.ts';
import { MadeBlobs } from './made-blobs.ts';
import { Promises } from './promises.ts';
import { verify } from './verification.ts';

/** How a run of crashes is to be. */
export interface CrashRunInit {
  readonly kills: number;
  readonly seed: number;
  /** The store's directory; whoever gives it removes it. */
  readonly directory: string;
  /** What the store may take, bytes; undefined for more than it is given. */
  readonly maxBytes?: number | undefined;
  /** Told what happens. */
  readonly tell?: (what: string) => void;
}

export interface CrashRun {
  readonly kills: number;
  readonly killsDuringStart: number;
  readonly blobsAcknowledged: number;
  readonly blobsRead: number;
  /** From exec to serving, milliseconds. */
  readonly startsMs: readonly number[];
  /** The most that the directory ever took, bytes. */
  readonly mostBytes: number;
}

const clients = 6;
const largestBytes = 5 * 1024 * 1024;
const loadMsMax = 1200;
const killedInStart = 0.2;
/** A start that is to be killed may have got this much further than the last one took. */
const beyondStart = 1.2;
const firstStartMs = 1000;
const stoppedInOrder = 0.1;
/** Large blobs are read after the first restarts that follow them; later, one in so many. */
const freshBlobs = 600;
const readOneOf = 20;
const verifiedEvery = 4;
const sampleMs = 25;
const settleMs = 20_000;
/** Beyond what the blobs take: index, segments' ends and directories. */
const extraBytes = 8 * 1024 * 1024;
const unlimitedBytes = 64 * 1024 ** 3;

/**
 * Runs gorego under load, kills it again and again, and looks each time whether everything it acknowledged is there.
 * Rejects with the first thing that is wrong.
 */
export async function crashRun(init: CrashRunInit): Promise<CrashRun> {
  const { kills, seed, directory, maxBytes, tell = () => {} } = init;
  const random = new SeededRandom(seed);
  const blobs = new MadeBlobs(random, largestBytes);
  const promises = new Promises();
  const mayEvict = maxBytes !== undefined;
  const args = [`--local_store.dir=${directory}`, `--janitor.max_size=${maxBytes ?? unlimitedBytes}`];
  const done = {
    kills: 0,
    killsDuringStart: 0,
    blobsAcknowledged: 0,
    blobsRead: 0,
    startsMs: [] as number[],
    mostBytes: 0,
  };

  while (done.kills < kills) {
    if (random.chance(killedInStart)) {
      await killInStart(args, random.between(1, (done.startsMs.at(-1) ?? firstStartMs) * beyondStart));
      done.kills++;
      done.killsDuringStart++;
    }
    const begun = performance.now();
    await using server = await startGorego(args);
    done.startsMs.push(performance.now() - begun);
    await expectEmpty(join(directory, 'tmp'));
    const isLast = done.kills >= kills - 1;
    const isRead = (_: unknown, at: number): boolean =>
      isLast || at >= promises.acknowledged.length - freshBlobs || random.chance(1 / readOneOf);
    done.blobsRead += await verify({ address: server.address, blobs, promises, mayEvict, isRead });
    if (done.kills % verifiedEvery === 0) await expectNothingWrong(directory, maxBytes);
    if (random.chance(0.5)) await settled(directory);
    const known = promises.acknowledged.length;
    const load = Array.from({ length: clients }, () =>
      loadUntilBroken({ address: server.address, random, blobs, promises, largestBytes, mayEvict }),
    );
    const watching = watch(directory, server, (bytes) => {
      done.mostBytes = Math.max(done.mostBytes, bytes);
      if (maxBytes !== undefined && bytes > maxBytes + largestBytes)
        throw new Error(`the store took ${bytes} bytes of at most ${maxBytes}`);
    });
    await Promise.race([passed(random.between(1, loadMsMax)), ...load]);
    const isOrderly = random.chance(stoppedInOrder);
    server.child.kill(isOrderly ? 'SIGTERM' : 'SIGKILL');
    const [status] = await Promise.all([server.ended, watching, ...load]);
    if (isOrderly ? status !== 0 : status !== 'SIGKILL') throw new Error(`gorego ended with ${status}`);
    if (!isOrderly) done.kills++;
    const troubles = server.messages.filter((message) => /wrong bytes|bug|could not|gone|none/.test(message));
    if (troubles.length > 0) throw new Error(`gorego said: ${troubles.join('\n')}`);
    done.blobsAcknowledged += promises.acknowledged.length - known;
    tell(
      `${done.kills}: ${Math.round(done.startsMs.at(-1) ?? 0)} ms to serving, ${promises.acknowledged.length} blobs`,
    );
  }
  await atTheEnd(init, args, blobs, promises, done);
  return done;
}

async function atTheEnd(
  { directory, maxBytes }: CrashRunInit,
  args: readonly string[],
  blobs: MadeBlobs,
  promises: Promises,
  done: { blobsRead: number },
): Promise<void> {
  const mayEvict = maxBytes !== undefined;
  await using server = await startGorego(args);
  done.blobsRead += await verify({ address: server.address, blobs, promises, mayEvict, isRead: () => true });
  await expectNothingWrong(directory, maxBytes);
  await settled(directory);
  const expected = promises.acknowledged.reduce((sum, { sizeBytes }) => sum + sizeBytes + blockBytes, 0);
  const used = await diskUse(directory);
  if (used > expected + extraBytes) throw new Error(`the store takes ${used} bytes for ${expected} bytes of blobs`);
}

const blockBytes = 4096;

async function killInStart(args: readonly string[], afterMs: number): Promise<void> {
  const starting = startGorego(args, { onSpawn: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) });
  await starting.then(
    (server) => server.ended,
    () => {},
  );
}

/** Looks at the directory until the server ends, which stands still meanwhile. */
async function watch(directory: string, { child, ended }: Gorego, look: (bytes: number) => void): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    child.kill('SIGSTOP');
    const bytes = await diskUse(directory);
    child.kill('SIGCONT');
    look(bytes);
    await passed(sampleMs);
  }
}

async function expectEmpty(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (names.length > 0) throw new Error(`${directory} holds ${names.join(' ')}`);
}

/** Waits until the index is one snapshot and one journal: that is when the directory has been gone through. */
async function settled(directory: string): Promise<void> {
  const until = performance.now() + settleMs;
  for (;;) {
    const names = (await readdir(join(directory, 'index'))).sort();
    const kinds = names.map((name) => name.replace(/-.*?($|\.)/, '$1')).join(' ');
    if (kinds === 'journal snapshot') return;
    if (performance.now() > until) throw new Error(`the index is left with ${names.join(' ')}`);
    await passed(sampleMs);
  }
}

async function expectNothingWrong(directory: string, maxBytes = unlimitedBytes): Promise<void> {
  const [program, ...first] = command;
  const args = [...first, 'verify', `--local_store.dir=${directory}`, `--janitor.max_size=${maxBytes}`];
  // Rejects with what it printed unless it ends with status 0.
  await promisify(execFile)(program, args, { cwd: directory });
}
