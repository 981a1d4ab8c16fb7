import type { Digest } from '@gorego/digest';
import type { Key } from './index/key.ts';
import { Segment } from './segments/segment.ts';
import type { Place } from './segments/segment-writer.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Forgets a record that is wrong, or that the disk can't read. What was read of it is kept under a name like that, for a
 * person to look at.
 */
export function setRecordAside(
  { contents, quarantine, onCorrupt, spawn }: StoreParts,
  { digest, key, segment, offset }: { readonly digest: Digest; readonly key: Key } & Place,
  name: string,
  damaged: Uint8Array | undefined,
): void {
  contents.forgetSame(key, { segment, offset });
  onCorrupt(digest, `${Segment.path(segment)} at byte ${offset}`);
  if (damaged !== undefined) spawn('set a damaged record aside', () => quarantine.takeBytes(name, damaged));
}
