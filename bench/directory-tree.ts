import { createHash } from 'node:crypto';
import { Directory } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { batchUpdate, type Named, type Request } from './requests.ts';

const directoriesInEach = 10;
const filesInEach = 3;

/** Below what every server takes in one batch, with what is around the blobs. */
const batchBytesMax = 2 ** 20;

interface Stored extends Named {
  readonly data: Uint8Array;
}

/** A tree of so many different directories: ten in each, filled level by level, and three files. */
export class DirectoryTree {
  readonly root: Named;
  /** What all its directories take, encoded; bytes. */
  readonly sizeBytes: number;
  readonly #directories: readonly Stored[];

  constructor(count: number) {
    const made = new Array<Stored>(count);
    for (let i = count - 1; i >= 0; i--) {
      const first = i * directoriesInEach + 1;
      made[i] = directory(i, made.slice(first, Math.min(count, first + directoriesInEach)));
    }
    const [root] = made;
    if (root === undefined) throw new Error('a tree of no directories');
    this.root = root;
    this.sizeBytes = made.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#directories = made;
  }

  /** What stores all of it. */
  *uploads(): Generator<Request> {
    let batch: Stored[] = [];
    let bytes = 0;
    for (const each of this.#directories) {
      if (bytes + each.sizeBytes > batchBytesMax) {
        yield batchUpdate(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(each);
      bytes += each.sizeBytes;
    }
    yield batchUpdate(batch);
  }
}

function directory(i: number, below: readonly Named[]): Stored {
  const message = Directory.fromPartial({
    files: Array.from({ length: filesInEach }, (_, n) => {
      const name = `file-${n}-of-${i}.txt`;
      return { name, digest: { hash: createHash('sha256').update(name).digest('hex'), sizeBytes: 1000 + n } };
    }),
    directories: below.map(({ hex, sizeBytes }, n) => ({ name: `directory-${n}`, digest: { hash: hex, sizeBytes } })),
  });
  const data = Directory.encode(message).finish();
  return { hex: createHash('sha256').update(data).digest('hex'), sizeBytes: data.byteLength, data };
}
