import { randomBytes } from 'node:crypto';
import { type Chunker, fastCdc2020, fastCdcSizes, repMaxCdc } from '@gorego/chunking';
import { runMicro } from './harness.ts';

const mebibyte = 1024 * 1024;

/** Larger than the processor's caches. */
const bytes = randomBytes(64 * mebibyte);

/** Cuts a mebibyte each time, or as much more as the last chunk takes. */
function cutting(chunker: Chunker): (times: number) => number {
  let cutter = chunker.begin();
  let start = 0;
  return (times) => {
    let cut = 0;
    for (let left = times * mebibyte; left > 0; ) {
      if (bytes.byteLength - start < chunker.windowBytes) {
        cutter = chunker.begin();
        start = 0;
      }
      const size = cutter.next(bytes.subarray(start, start + chunker.windowBytes));
      start += size;
      left -= size;
      cut++;
    }
    return cut;
  };
}

await runMicro([
  { name: 'FastCDC 2020 over 1 MiB', run: cutting(fastCdc2020(fastCdcSizes(mebibyte / 2))) },
  { name: 'RepMaxCDC over 1 MiB', run: cutting(repMaxCdc({ min: mebibyte / 4, horizon: 2 * mebibyte })) },
]);
