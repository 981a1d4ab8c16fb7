import { Digest } from '@gorego/digest';
import { Checklist } from '../checklist.ts';

/** A list of those blobs, all of the function of the first. */
export function checklistOf(digests: readonly Digest[]): Checklist {
  const hexes = digests.map(Digest.hex);
  const [first = Digest.empty('sha256')] = digests;
  const list = new Checklist(Digest.function(first).name, Buffer.from(hexes.join('')));
  for (const [i, digest] of digests.entries()) {
    list.add(i * Digest.function(first).hexLength, Digest.sizeBytes(digest));
  }
  return list;
}
