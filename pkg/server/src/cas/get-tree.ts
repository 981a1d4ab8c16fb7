import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { lengthDelimitedSize, writeLengthDelimitedHeader } from '@gorego/proto';
import { ContentAddressableStorageDefinition } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Message, Route } from '@gorego/rpc';
import type { BlobStore } from '@gorego/storage';
import { bytesOf } from '@gorego/storage';
import type { Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { decoded, reading } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { subdirectories } from './directory-digests.ts';
import { PageToken } from './page-token.ts';

/** Fields of GetTreeResponse. */
const field = { directories: 1, nextPageToken: 2 } as const;

/** What a message has beside its directories: the token, with room to spare. */
const tokenRoomBytes = 1024;
const directoryBytesMax = messageBytesMax - 2 * tokenRoomBytes;

/** How many directories one tree may have. Each is remembered, so that none is sent or followed twice. */
const directoriesMax = 1_000_000;

/** Directories that are read at once: as many as travel together from a cache behind this one, and what they may hold. */
const readsMax = 500;
const readBytesMax = 8 * 1024 * 1024;

/**
 * GetTree: every directory below the root once, breadth first, the bytes of each as they were stored. The whole tree
 * comes in one stream; each message carries the token to go on from, the last an empty one. What isn't here is left out
 * with all below it.
 */
export function getTree(instances: Instances, functions: DigestFunctions): Route {
  const { requestType } = ContentAddressableStorageDefinition.methods.getTree;
  return {
    kind: 'serverStream',
    handle: async function* (call, bytes) {
      const request = decoded(requestType, bytes);
      if (request.pageSize < 0) throw new Failure('invalid_argument', `a page of ${request.pageSize} directories`);
      const { blobs } = instances(request.instanceName);
      const root = functions.digest(request.rootDigest, functions.named(request.digestFunction));
      const skipped = PageToken.parse(request.pageToken, root);
      const directories = walk(call, blobs, root, functions);
      yield* pages(directories, { root, skipped, pageSize: request.pageSize });
    },
  };
}

/** Every directory of the tree, breadth first, each once, as many at a time as were read together. */
async function* walk(
  call: Call,
  blobs: BlobStore,
  root: Digest,
  functions: DigestFunctions,
): AsyncGenerator<readonly Uint8Array[]> {
  const functionName = Digest.function(root).name;
  const seen = new Set([root]);
  const read = async (digest: Digest): Promise<Uint8Array | undefined> => {
    const blob = await blobs.get(call, digest);
    return blob && bytesOf(blob, directoryBytesMax);
  };
  let level = [root];
  while (level.length > 0) {
    const next: Digest[] = [];
    for (const group of groups(level)) {
      const found = (await Promise.all(group.map(read))).filter((directory) => directory !== undefined);
      if (found.length === 0 && group[0] === root) throw new Failure('not_found', `the root ${root} is not here`);
      for (const directory of found) {
        for (const child of reading(() => subdirectories(directory, functions, functionName))) {
          if (seen.has(child)) continue;
          seen.add(child);
          next.push(child);
        }
        if (seen.size > directoriesMax) {
          throw new Failure('resource_exhausted', `the tree of ${root} has more than ${directoriesMax} directories`);
        }
      }
      yield found;
    }
    level = next;
  }
}

/** A level, cut into what is read at once. */
function* groups(level: readonly Digest[]): Generator<readonly Digest[]> {
  let begin = 0;
  let bytes = 0;
  for (const [i, digest] of level.entries()) {
    const isFull = i - begin === readsMax || bytes + Digest.sizeBytes(digest) > readBytesMax;
    if (i > begin && isFull) {
      yield level.slice(begin, i);
      begin = i;
      bytes = 0;
    }
    bytes += Digest.sizeBytes(digest);
  }
  yield level.slice(begin);
}

/** Directories as messages, each as large as clients accept or `pageSize` says, with the token to go on after it. */
async function* pages(
  groups: AsyncIterable<readonly Uint8Array[]>,
  { root, skipped, pageSize }: { root: Digest; skipped: number; pageSize: number },
): AsyncGenerator<Message> {
  let parts: Uint8Array[] = [];
  let inPage = 0;
  let pageBytes = 0;
  let position = 0;
  for await (const directories of groups) {
    for (const directory of directories) {
      if (position++ < skipped) continue;
      const size = lengthDelimitedSize(field.directories, directory.byteLength);
      const isFull = inPage === pageSize || pageBytes + size > messageBytesMax - tokenRoomBytes;
      if (inPage > 0 && isFull) {
        const token = Buffer.from(PageToken.of(root, position - 1));
        yield [...parts, writeLengthDelimitedHeader(field.nextPageToken, token.byteLength), token];
        parts = [];
        inPage = 0;
        pageBytes = 0;
      }
      parts.push(writeLengthDelimitedHeader(field.directories, directory.byteLength), directory);
      inPage++;
      pageBytes += size;
    }
  }
  yield parts;
}
