import type { Digest } from '@gorego/digest';
import type { Disk } from '@gorego/platform';
import type { Room } from '../room.ts';
import type { Contents } from './contents.ts';
import type { FileForm } from './file-form.ts';
import type { KeyLocks } from './key-locks.ts';
import type { PieceBudget } from './piece-budget.ts';
import type { Quarantine } from './quarantine.ts';
import type { RecentFiles } from './recent-files.ts';
import type { Segments } from './segments/segments.ts';
import type { Staging } from './staging.ts';

/** What a LocalStore is made of, and its parts share. */
export interface StoreParts {
  readonly disk: Disk;
  readonly contents: Contents;
  readonly segments: Segments;
  readonly staging: Staging;
  readonly quarantine: Quarantine;
  readonly locks: KeyLocks;
  readonly room: Room;
  /** How blobs may lie in files of their own. */
  readonly forms: { readonly plain: FileForm; readonly packed: FileForm };
  /** Files that need no waiting for. */
  readonly recentFiles: RecentFiles;
  /** What of uploads is gathered before it is written. */
  readonly gathering: PieceBudget;
  readonly durability: 'process' | 'power';
  /** How blobs are written down that get smaller by it. */
  readonly compression: 'off' | 'zstd';
  /** Blobs up to this size go into segments. */
  readonly segmentThreshold: number;
  /** False once the index knows every file there is: until then a file may be there that it does not know. */
  readonly mayHaveStrangers: () => boolean;
  /** Chance, from 0 to 1. */
  readonly fraction: () => number;
  /** Told of a blob in a file of its own that has just been used, if anybody wants to know. */
  readonly onFileUsed: ((digest: Digest) => void) | undefined;
  /** Does something that nobody waits for. */
  readonly spawn: (what: string, run: () => Promise<void>) => void;
  /** Told of bytes that are not what their name says, and of where they were. */
  readonly onCorrupt: (digest: Digest, where: string) => void;
}
