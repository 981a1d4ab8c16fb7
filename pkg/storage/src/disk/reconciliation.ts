import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { Disk } from '@gorego/platform';
import type { Contents } from './contents.ts';
import { isDamage, unlessDamaged } from './damage.ts';
import { DiskPath } from './disk-path.ts';
import { removeEmpty } from './empty-directories.ts';
import { shardCount } from './index/entry-index.ts';
import { field } from './index/entry-table.ts';
import { Key } from './index/key.ts';
import { parentOf } from './staging.ts';
import type { StoreParts } from './store-parts.ts';
import { Ticks } from './ticks.ts';

/** What a comparison of the directory with the index came to. */
export interface Reconciled {
  /** Files that are blobs, and that the index did not know. */
  readonly adopted: number;
  /** Blobs that the index had in files that are not there. */
  readonly ghosts: number;
  /** Files and directories where only blobs should be. They are left alone. */
  readonly strangers: readonly string[];
}

export interface ReconcileInit {
  /** Hashes a blob that may be something else since the power went. */
  readonly check: (digest: Digest) => Promise<void>;
  /** Told how much of it is done. */
  readonly onProgress?: (share: number) => void;
}

const hexByte = /^[0-9a-f]{2}$/;
const strangersShownMax = 100;

type Parts = Pick<StoreParts, 'disk' | 'contents' | 'staging'>;

/**
 * Compares the files with what the index knows of them, one directory after the other, while the store is in use. Blobs
 * that lie as `ab/<hash>`, `ab/cd/<hash>` or `cas/ab/<hash>` get the place they have here.
 */
export async function reconcile(
  ctx: Context,
  parts: Parts,
  { check, onProgress = () => {} }: ReconcileInit,
): Promise<Reconciled> {
  const { disk } = parts;
  const walk = new Walk(parts, check);
  for (const { name, kind } of await disk.list('')) {
    if (kind === 'directory' && hexByte.test(name)) await walk.foreign(ctx, name);
  }
  const branches = new Set<string>();
  for (const { name, kind } of await disk.list(DiskPath.blobs)) {
    if (kind === 'directory' && hexByte.test(name)) branches.add(name);
    else walk.stranger(`${DiskPath.blobs}/${name}`);
  }
  for (let branch = 0; branch < shardCount; branch++) {
    const name = branch.toString(16).padStart(2, '0');
    await walk.branch(ctx, branch, branches.has(name));
    onProgress((branch + 1) / shardCount);
  }
  return walk;
}

class Walk implements Reconciled {
  readonly #parts: Parts;
  readonly #disk: Disk;
  readonly #contents: Contents;
  readonly #check: (digest: Digest) => Promise<void>;
  readonly #begun: number;
  readonly strangers: string[] = [];
  adopted = 0;
  ghosts = 0;

  constructor(parts: Parts, check: (digest: Digest) => Promise<void>) {
    this.#parts = parts;
    this.#disk = parts.disk;
    this.#check = check;
    this.#contents = parts.contents;
    this.#begun = parts.contents.now;
  }

  stranger(path: string): void {
    if (this.strangers.length < strangersShownMax) this.strangers.push(path);
  }

  /** What is in the directory `cas/ab`, if it is there, and what the index has in it. */
  async branch(ctx: Context, number: number, isThere: boolean): Promise<void> {
    const seen = new Set<number>();
    const expected = this.#filesIn(number);
    if (isThere) await this.#directory(ctx, DiskPath.branch(number), seen);
    for (const key of expected) if (!seen.has(sumOf(key))) this.#missing(key);
    await removeEmpty(this.#parts, number);
  }

  /** A directory `ab` beside ours. */
  async foreign(ctx: Context, path: string): Promise<void> {
    await this.#directory(ctx, path, new Set());
  }

  /** Files, and directories of files named by the next byte. */
  async #directory(ctx: Context, path: string, seen: Set<number>, { isLeaf = false } = {}): Promise<void> {
    const entries = await unlessDamaged(this.#disk.list(path));
    if (entries === undefined) return this.stranger(path);
    for (const { name, kind } of entries) {
      throwIfEnded(ctx);
      if (kind === 'file') await this.#file(path, name, seen);
      else if (kind === 'directory' && hexByte.test(name) && !isLeaf)
        await this.#directory(ctx, `${path}/${name}`, seen, { isLeaf: true });
      else this.stranger(`${path}/${name}`);
    }
    // What has become empty, or was left empty by a crash.
    if (entries.length === 0 || !isOurs(path)) await this.#disk.removeDirectory(path);
  }

  async #file(directory: string, name: string, seen: Set<number>): Promise<void> {
    const path = `${directory}/${name}`;
    const stat = await unlessDamaged(this.#disk.stat(path));
    if (stat === undefined) return; // It was removed meanwhile.
    const found = DiskPath.blobIn(name, stat.sizeBytes);
    if (found === undefined) return this.stranger(path);
    const { digest, isPacked } = found;
    const sizeBytes = Digest.sizeBytes(digest);
    const key = Key.ofBlob(digest);
    const known = this.#contents.index.get(key);
    const isKnown = known?.segment === 0 && known.sizeBytes === sizeBytes;
    if (isKnown && (known.packedBytes !== undefined) !== isPacked) {
      await this.#disk.remove(path); // The same blob, in the other form.
      return;
    }
    const to = isPacked ? DiskPath.ofPacked(digest) : DiskPath.ofBlob(digest);
    if (isKnown && path !== to && (await this.#isThere(to, stat.sizeBytes))) {
      await this.#disk.remove(path); // The same blob, brought again to where it belongs.
      return;
    }
    if (!(await this.#placed(path, to))) return this.stranger(path);
    seen.add(sumOf(key));
    if (isKnown) {
      if (known.isSuspect) await this.#check(digest);
      return;
    }
    const used = Ticks.of(Math.max(stat.modifiedMs, stat.accessedMs));
    const packedBytes = isPacked ? stat.sizeBytes : undefined;
    this.#contents.set(key, { kind: 'blob', sizeBytes, packedBytes, segment: 0, offset: 0, used });
    this.adopted++;
  }

  async #isThere(path: string, sizeBytes: number): Promise<boolean> {
    const stat = await unlessDamaged(this.#disk.stat(path));
    return stat?.kind === 'file' && stat.sizeBytes === sizeBytes;
  }

  /** False if it has to stay where it is. */
  async #placed(path: string, to: string): Promise<boolean> {
    if (path === to) return true;
    try {
      if ((await this.#disk.stat(to)) !== undefined) return false;
      await this.#disk.makeDirectory(parentOf(to));
      await this.#disk.rename(path, to);
      return true;
    } catch (reason) {
      if (!isDamage(reason)) throw reason;
      return false;
    }
  }

  #filesIn(branch: number): Key[] {
    return this.#contents.index.entries(branch, (words, at) => words[at + field.segment] === 0).map(([key]) => key);
  }

  /** The index has it, the walk did not see it: perhaps it was removed, perhaps only just renamed into place. */
  #missing(key: Key): void {
    const entry = this.#contents.index.get(key);
    if (entry === undefined || entry.segment !== 0 || entry.used >= this.#begun) return;
    this.#contents.forget(key);
    this.ghosts++;
  }
}

function isOurs(path: string): boolean {
  return path.startsWith(`${DiskPath.blobs}/`);
}

/** Enough of a key to tell one from the others in a directory. */
function sumOf({ b, c }: Key): number {
  return b * 2 ** 21 + (c >>> 11);
}
