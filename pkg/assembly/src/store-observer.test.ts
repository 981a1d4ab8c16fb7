import type { Clock } from '@gorego/platform';
import { SeededRandom, SimulatedClock } from '@gorego/simulation';
import { type Logger, silent } from '@gorego/telemetry';
import { expect, test } from '@jest/globals';
import { storeObserver } from './store-observer.ts';

function told(clock: Clock): { observer: ReturnType<typeof storeObserver>; lines: string[] } {
  const lines: string[] = [];
  const log: Logger = { ...silent, info: (line) => lines.push(line), warn: (line) => lines.push(line) };
  return { observer: storeObserver(log, clock), lines };
}

const passing = (clock: SimulatedClock, ms: number): Promise<void> =>
  clock.run(new Promise((resolve) => clock.after(ms, resolve)));

test('a comparison that takes its time is told of now and then', async () => {
  const clock = new SimulatedClock(new SeededRandom(1));
  const { observer, lines } = told(clock);
  for (let i = 1; i <= 100; i++) {
    await passing(clock, 300);
    observer.onProgress?.(i / 100);
  }
  expect(lines).toEqual([
    'the local store is compared with its directory: 34 % done',
    'the local store is compared with its directory: 68 % done',
  ]);
});

test.each([
  [{ adopted: 3, ghosts: 0, strangers: [] }, [/found 3 blobs/]],
  [{ adopted: 0, ghosts: 2, strangers: [] }, [/2 blobs .* are gone/]],
  [{ adopted: 0, ghosts: 0, strangers: ['cas/notes.txt'] }, [/cas\/notes\.txt for one/]],
  [{ adopted: 0, ghosts: 0, strangers: [] }, []],
])('what a comparison found is told: %j', (found, expected) => {
  const { observer, lines } = told(new SimulatedClock(new SeededRandom(1)));
  observer.onReconciled?.(found);
  expect(lines).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});
