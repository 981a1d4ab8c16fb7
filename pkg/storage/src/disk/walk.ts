import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { Disk } from '@gorego/platform';
import { fileDiskBytes } from './blocks.ts';
import { isDamage, unlessDamaged } from './damage.ts';
import { DiskPath } from './disk-path.ts';
import { checkContent } from './file-form.ts';
import { Key } from './index/key.ts';
import { isRight } from './packing.ts';
import { recordsIn } from './segments/segment-scan.ts';
import type { StoreParts } from './store-parts.ts';
import { Ticks } from './ticks.ts';

/** A blob or result that is stored. */
export interface Stored {
  readonly kind: 'blob' | 'action';
  /** The blob's name, or the action's. */
  readonly digest: Digest;
  /** Whose result it is; empty for a blob. */
  readonly instance: string;
  readonly sizeBytes: number;
  /** What it takes on the disk. */
  readonly diskBytes: number;
  /** When it was last used, milliseconds since 1970. */
  readonly usedMs: number;
  /** Reads all of it, and says whether it is what it should be. */
  isRight(): Promise<boolean>;
}

type Parts = Pick<StoreParts, 'disk' | 'contents' | 'segments' | 'forms'>;

/** Everything a store holds, one after the other as it lies on the disk. What changes meanwhile may be missed. */
export async function* everything(ctx: Context, parts: Parts): AsyncGenerator<Stored> {
  yield* records(ctx, parts);
  yield* files(ctx, parts);
}

async function* records(ctx: Context, { contents, segments }: Parts): AsyncGenerator<Stored> {
  for (const segment of segments.all) {
    for await (const { header, offset, bodyOffset } of recordsIn(segment)) {
      throwIfEnded(ctx);
      const { kind, digest, instance, bodyBytes } = header;
      const key = kind === 'blob' ? Key.ofBlob(digest) : Key.ofAction(instance, digest);
      const entry = contents.index.get(key);
      if (entry?.segment !== segment.number || entry.offset !== offset) continue;
      yield {
        ...{ kind, digest, instance },
        sizeBytes: entry.sizeBytes,
        diskBytes: bodyOffset - offset + bodyBytes,
        usedMs: Ticks.toMs(entry.used),
        isRight: async () => {
          const body = await unlessDamaged(segment.readSome(Buffer.allocUnsafe(bodyBytes), bodyOffset));
          return body !== undefined && isRight(header, body);
        },
      };
    }
  }
}

async function* files(ctx: Context, parts: Parts): AsyncGenerator<Stored> {
  const { disk, contents } = parts;
  for await (const directory of leaves(disk)) {
    for (const { name } of await disk.list(directory)) {
      throwIfEnded(ctx);
      const path = `${directory}/${name}`;
      const stat = await disk.stat(path);
      const found = stat?.kind === 'file' ? DiskPath.blobIn(name, stat.sizeBytes) : undefined;
      if (stat === undefined || found === undefined) continue;
      const { digest, isPacked } = found;
      const entry = contents.index.get(Key.ofBlob(digest));
      if (entry !== undefined && entry.segment !== 0) continue;
      yield {
        ...{ kind: 'blob', digest, instance: '', sizeBytes: Digest.sizeBytes(digest) },
        diskBytes: fileDiskBytes(stat.sizeBytes),
        usedMs: entry === undefined ? stat.modifiedMs : Ticks.toMs(entry.used),
        // One that the index knows by another size is cut short, or has grown.
        isRight: async () =>
          (entry?.sizeBytes ?? Digest.sizeBytes(digest)) === Digest.sizeBytes(digest) &&
          isRightFile(ctx, parts, path, digest, isPacked),
      };
    }
  }
}

async function* leaves(disk: Disk): AsyncGenerator<string> {
  const directoriesIn = async (path: string): Promise<string[]> =>
    (await disk.list(path)).filter(({ kind }) => kind === 'directory').map(({ name }) => `${path}/${name}`);
  for (const branch of await directoriesIn(DiskPath.blobs)) yield* await directoriesIn(branch);
}

async function isRightFile(
  ctx: Context,
  { disk, forms }: Parts,
  path: string,
  digest: Digest,
  isPacked: boolean,
): Promise<boolean> {
  try {
    const file = await disk.open(path);
    if (file === undefined) return true; // It was removed meanwhile.
    try {
      const { sizeBytes } = await file.stat();
      const form = isPacked ? forms.packed : forms.plain;
      await checkContent(ctx, await form.contentOf(file, sizeBytes, digest), digest);
      return true;
    } finally {
      await file.close();
    }
  } catch (reason) {
    if (isDamage(reason)) return false;
    throw reason;
  }
}
