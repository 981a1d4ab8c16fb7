import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** Makes a GiB of buffers that nobody needs, as a server does, and prints how often V8 collected what. */
const program = `
import { constants, PerformanceObserver } from 'node:perf_hooks';
const { collectYoungBuffers, madeBuffers } = await import(process.argv[1]);
const collections = { young: 0, all: 0 };
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections.young++;
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections.all++;
  }
}).observe({ entryTypes: ['gc'] });
if (process.argv[2] === 'collected') collectYoungBuffers();
for (let i = 0; i < 16_384; i++) {
  madeBuffers(Buffer.allocUnsafeSlow(65_536).byteLength);
  await new Promise(setImmediate);
}
console.log(JSON.stringify({ ...collections, gc: typeof globalThis.gc }));
`;

async function collections(how: 'collected' | 'left'): Promise<{ young: number; all: number; gc: string }> {
  const path = fileURLToPath(new URL(`young-buffers${extname(import.meta.url)}`, import.meta.url));
  const args = ['--no-warnings', '--input-type=module', '--eval', program, path, how];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as never;
}

test('young buffers are collected for each 16 MiB, which leaves little reason to collect everything', async () => {
  const { young, all, gc } = await collections('collected');
  expect(young).toBeGreaterThanOrEqual(60);
  expect(all).toBeLessThan(young / 10);
  expect(gc).toBe('undefined');
});

test('to a program that did not say so, V8 does as it likes: less often', async () => {
  expect((await collections('left')).young).toBeLessThan(40);
});
