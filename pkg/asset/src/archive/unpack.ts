import type { Codec } from '@gorego/compression';
import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import { Directory as DirectoryMessage } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { digestMessage } from '@gorego/server';
import { BlobReader, type BlobStore } from '@gorego/storage';
import { OriginFailure } from '../origin/origin-failure.ts';
import type { Spool, Spooled } from '../spool.ts';
import { archiveEntries, tooLarge } from './archive.ts';
import { type ArchiveEntry, badArchive } from './archive-entry.ts';
import { checkLinks } from './links.ts';
import { PutWindow } from './put-window.ts';
import { type Directory, type Node, Tree } from './tree.ts';

/** Files, directories and links of one archive. */
const entriesMax = 250_000;
/** An encoded Directory: what a message can carry. */
const directoryBytesMax = 4 * 1024 * 1024;

export interface Unpacking {
  readonly spool: Spool;
  readonly blobs: BlobStore;
  readonly functionName: DigestFunctionName;
  /** Of archives that are compressed by it. */
  readonly zstd: Codec;
  /** The directory that is wanted, from the archive's root; `''` for all of it. */
  readonly directory: string;
  /** What all files together may take. */
  readonly bytesMax: number;
}

/**
 * Puts an archive's files and directories into `blobs`, as files and Directory messages, and says the root's name.
 * Nothing is ever written by the names the archive gives. An OriginFailure for an archive that is malformed, too large, or
 * reaches out of itself.
 */
export async function unpack(ctx: Context, archive: Spooled, unpacking: Unpacking): Promise<Digest> {
  const { directory, blobs, functionName } = unpacking;
  await using puts = new PutWindow(ctx, blobs);
  const tree = await filled(ctx, archive, unpacking, puts);
  const root = tree.at(directory);
  if (root?.kind !== 'directory') {
    throw new OriginFailure('not_found', `the archive has no directory ${JSON.stringify(directory)}`);
  }
  checkLinks(root);
  const digest = await putDirectory(root, functionName, puts);
  await puts.settled();
  return digest;
}

async function filled(ctx: Context, archive: Spooled, unpacking: Unpacking, puts: PutWindow): Promise<Tree> {
  const tree = new Tree();
  let count = 0;
  let roomBytes = unpacking.bytesMax;
  for await (const entry of await archiveEntries(archive, unpacking.bytesMax, unpacking.zstd)) {
    throwIfEnded(ctx);
    count++;
    if (count > entriesMax)
      throw new OriginFailure('resource_exhausted', `the archive has more than ${entriesMax} entries`);
    if (entry.kind === 'file') {
      const { spool, functionName } = unpacking;
      const tooMuch = (): OriginFailure => tooLarge(unpacking.bytesMax);
      const content = await spool.fill(ctx, entry.content, { functionName, hashes: [], sizeMax: roomBytes, tooMuch });
      roomBytes -= content.sizeBytes;
      await puts.put(content.digest, content);
      tree.put(entry.path, { kind: 'file', digest: content.digest, isExecutable: entry.isExecutable });
    } else tree.put(entry.path, nodeOf(entry, tree));
  }
  return tree;
}

function nodeOf(entry: Exclude<ArchiveEntry, { kind: 'file' }>, tree: Tree): Node {
  switch (entry.kind) {
    case 'directory':
      return { kind: 'directory', children: new Map() };
    case 'symlink':
      if (entry.target === '' || entry.target.includes('\0'))
        throw badArchive(`has a link to ${JSON.stringify(entry.target)}`);
      return { kind: 'symlink', target: entry.target };
    case 'link': {
      const same = tree.at(entry.target);
      if (same?.kind === 'file') return same;
      throw badArchive(`has a link to ${JSON.stringify(entry.target.slice(0, 200))}, which is no earlier file`);
    }
    default:
      return entry satisfies never;
  }
}

/** Puts a directory and what is below it. Its name means nothing to anybody before all of it is there. */
async function putDirectory(directory: Directory, functionName: DigestFunctionName, puts: PutWindow): Promise<Digest> {
  const message = DirectoryMessage.fromPartial({});
  for (const [name, node] of inByteOrder(directory)) {
    switch (node.kind) {
      case 'directory': {
        const digest = await putDirectory(node, functionName, puts);
        message.directories.push({ name, digest: digestMessage(digest) });
        break;
      }
      case 'file': {
        const { digest, isExecutable } = node;
        message.files.push({ name, digest: digestMessage(digest), isExecutable, nodeProperties: undefined });
        break;
      }
      case 'symlink':
        message.symlinks.push({ name, target: node.target, nodeProperties: undefined });
        break;
      default:
        return node satisfies never;
    }
  }
  const bytes = DirectoryMessage.encode(message).finish();
  if (bytes.byteLength > directoryBytesMax) {
    throw new OriginFailure('resource_exhausted', `the archive has a directory of ${directory.children.size} entries`);
  }
  const digest = Digest.ofBytes(bytes, functionName);
  await puts.put(digest, { open: () => BlobReader.ofBytes(bytes, digest), [Symbol.asyncDispose]: async () => {} });
  return digest;
}

/** REAPI wants names sorted, so that one directory has one digest. */
function inByteOrder({ children }: Directory): [string, Node][] {
  return Array.from(children, ([name, node]) => ({ key: Buffer.from(name), pair: [name, node] as [string, Node] }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ pair }) => pair);
}
