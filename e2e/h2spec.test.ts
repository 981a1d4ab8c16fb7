import { describe, expect } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { run, testWith } from './run.ts';

describe('HTTP/2', () => {
  testWith(
    'h2spec',
    'is what the RFCs say, by all of h2spec’s cases',
    async (h2spec) => {
      await using base = await temporary();
      await using gorego = await startGorego([`--local_store.dir=${base.path}`]);
      const [host = '', port = ''] = gorego.address.split(':');
      const { output } = await run(h2spec, ['-h', host, '-p', port, '-P', '/', '-o', '5'], { cwd: base.path });
      expect(output).toMatch(/^145 tests, 145 passed, 0 skipped, 0 failed$/m);
    },
    120_000,
  );
});
