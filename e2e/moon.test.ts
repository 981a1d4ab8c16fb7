import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { moonTimeoutMs, writeMoonWorkspace } from './moon.ts';

test.each(['grpc', 'http'] as const)(
  'moon runs a task once, and has its outputs from gorego by %s the next time',
  async (api) => {
    await using base = await temporary();
    await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
    const moon = await writeMoonWorkspace(base.path, gorego.address, api);
    await moon.run();
    await moon.clean();
    expect(await moon.run()).toMatch(/cached from remote/);
    await moon.check();
    if (api === 'grpc') await gorego.said(/^client .*: 1 hit, 0 misses, 3\.0 MB served, 0 B stored$/);
    expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
  },
  moonTimeoutMs,
);
