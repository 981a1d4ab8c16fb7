import { describe, expect, test } from '@jest/globals';
import { temporary } from '../gorego.ts';
import { crashRun } from './crash-run.ts';

const timeoutMs = 120_000;

describe('gorego, killed under load', () => {
  test.each([
    { what: 'keeps what it acknowledged', kills: 5, maxBytes: undefined },
    { what: 'stays within its size', kills: 5, maxBytes: 32 * 1024 * 1024 },
  ])(
    '$what',
    async ({ kills, maxBytes }) => {
      await using base = await temporary();
      const done = await crashRun({ kills, seed: 1, maxBytes, directory: base.path });
      expect(done.blobsRead).toBeGreaterThan(100);
    },
    timeoutMs,
  );
});
