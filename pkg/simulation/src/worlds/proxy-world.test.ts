import { describe, expect, test } from '@jest/globals';
import { emptyTally, proxyWorld } from './proxy-world.ts';

/** Worlds that found something once. What each found is told in docs/retro. */
const keptSeeds = [
  4, 23, 42, 45, 140, 188, 222, 250, 363, 379, 410, 502, 842, 886, 1177, 8565, 12922, 13202, 14246, 14632, 15900, 3345,
  4975, 6616,
];

describe('a proxy between clients and a hostile upstream', () => {
  test.each(keptSeeds)('holds in world %d, which found something once', async (seed) => {
    await proxyWorld(seed, emptyTally());
  });

  test('holds in 2,000 worlds', async () => {
    const tally = emptyTally();
    for (let seed = 1; seed <= 2000; seed++) await proxyWorld(seed, tally);
    // The worlds are worth their name: everything that may happen does.
    const { whole, absent, failed, left, uploads, hits, stale, repairs, outages } = tally;
    for (const count of [whole, absent, failed, left, uploads, hits, stale, repairs, outages])
      expect(count).toBeGreaterThan(20);
  }, 600_000);
});
