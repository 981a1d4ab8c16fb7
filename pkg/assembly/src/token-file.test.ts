import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom, SimulatedClock } from '@gorego/simulation';
import { type Logger, silent } from '@gorego/telemetry';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TokenFile } from './token-file.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-token-'));
  path = join(directory, 'token');
});
afterEach(() => rm(directory, { recursive: true }));

const aMinute = (clock: SimulatedClock): Promise<void> =>
  clock.run(new Promise((resolve) => clock.after(60_001, resolve)));

test('a token is read again each minute, without the line end', async () => {
  const clock = new SimulatedClock(new SeededRandom(1));
  await writeFile(path, 'first\n');
  using file = new TokenFile(path, clock, silent);
  await writeFile(path, 'second\n');
  expect(file.token).toBe('first');
  await aMinute(clock);
  expect(file.token).toBe('second');
});

test('the last token stays while the file is gone or empty, and the log says so', async () => {
  const clock = new SimulatedClock(new SeededRandom(1));
  const warnings: string[] = [];
  const log: Logger = { ...silent, warn: (message) => warnings.push(message) };
  await writeFile(path, 'first');
  using file = new TokenFile(path, clock, log);
  await rm(path);
  await aMinute(clock);
  await writeFile(path, '');
  await aMinute(clock);
  expect(file.token).toBe('first');
  expect(warnings).toEqual([expect.stringMatching(/cannot read the token/), expect.stringMatching(/no token/)]);
});

test('a file that is not there to begin with is an error with its name', () => {
  expect(() => new TokenFile(path, new SimulatedClock(new SeededRandom(1)), silent)).toThrow(
    /cannot read the token in .*token/,
  );
});
