import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { lengthDelimitedSize, writeLengthDelimitedHeader } from '@gorego/proto';
import { ContentAddressableStorageDefinition } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Message, Route } from '@gorego/rpc';
import type { BlobStore } from '@gorego/storage';
import type { Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { decoded, reading } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { subdirectories } from './directory-digests.ts';
import { PageToken } from './page-token.ts';
import { walked } from './walked.ts';

/** Fields of GetTreeResponse. */
const field = { directories: 1, nextPageToken: 2 } as const;

/** What a message has beside its directories: the token, with room to spare. */
const tokenRoomBytes = 1024;
const directoryBytesMax = messageBytesMax - 2 * tokenRoomBytes;

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
      const directories = directoriesOf(call, blobs, root, functions);
      yield* pages(directories, { root, skipped, pageSize: request.pageSize });
    },
  };
}

/** Every directory of the tree that is here, as many at a time as were read together. */
async function* directoriesOf(
  call: Call,
  blobs: BlobStore,
  root: Digest,
  functions: DigestFunctions,
): AsyncGenerator<readonly Uint8Array[]> {
  const { name } = Digest.function(root);
  const below = (directory: Uint8Array): Digest[] => reading(() => subdirectories(directory, functions, name));
  for await (const group of walked(call, { blobs, roots: [root], below, bytesMax: directoryBytesMax })) {
    const found = group.map(([, bytes]) => bytes).filter((bytes) => bytes !== undefined);
    if (found.length === 0 && group[0]?.[0] === root) throw new Failure('not_found', `the root ${root} is not here`);
    yield found;
  }
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
