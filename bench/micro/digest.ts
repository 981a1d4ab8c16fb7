import { randomBytes } from 'node:crypto';
import { Digest, digestFunctionNames } from '@gorego/digest';
import { runMicro } from './harness.ts';

/** Of different digests: what is done with one of them is not what was done just before. */
const count = 1024;

const blobs = Array.from({ length: count }, () => randomBytes(2048));
const digests = blobs.map((blob) => Digest.ofBytes(blob));
const hexes = digests.map((digest) => Digest.hex(digest));

/** What a store hashes at a time. */
const chunk = randomBytes(256 * 1024);

/** Does `once` for one index after the other, and adds up what it returns. */
function over(once: (i: number) => number): (times: number) => number {
  return (times) => {
    let sum = 0;
    for (let n = 0; n < times; n++) sum += once(n % count);
    return sum;
  };
}

await runMicro([
  { name: 'Digest.of', run: over((i) => Digest.of('sha256', hexes[i] ?? '', 2048).length) },
  { name: 'Digest.parse', run: over((i) => Digest.parse(digests[i] ?? '').length) },
  { name: 'Digest.ofBytes of 2 KiB', run: over((i) => Digest.ofBytes(blobs[i] ?? Buffer.of()).length) },
  ...digestFunctionNames.map((name) => ({
    name: `Digest.ofBytes of 256 KiB, ${name}`,
    run: over(() => Digest.ofBytes(chunk, name).length),
  })),
  { name: 'Digest.hex', run: over((i) => Digest.hex(digests[i] ?? Digest.empty('sha256')).length) },
  { name: 'Digest.sizeBytes', run: over((i) => Digest.sizeBytes(digests[i] ?? Digest.empty('sha256'))) },
]);
