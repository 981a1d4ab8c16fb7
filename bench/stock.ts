import { createHash, randomInt } from 'node:crypto';
import { GrpcClient } from './grpc-client.ts';
import { NumberedBlobs } from './numbered-blobs.ts';
import { batchUpdate, type Named, type Request, updateActionResult, write } from './requests.ts';

const smallBytes = 2048;
const fileSizes = [4096, 65536, 1048576];
const textSizes = [65536, 1048576];
const blobsPerBatch = 100;

interface Stocked extends Named {
  readonly data: Buffer;
}

/** What every server holds before it is measured, and names of what none holds. */
export class Stock {
  /** 2 KiB each. */
  readonly small: readonly Named[];
  readonly absent: readonly Named[];
  /** Of 4 KiB, 64 KiB and 1 MiB. */
  readonly files: readonly Named[];
  /** Of 64 KiB and 1 MiB, a fifth as large when they are compressed. */
  readonly texts: readonly Named[];
  readonly action: Named;
  /** The action's output files. */
  readonly outputs: readonly Named[];
  readonly #uploads: readonly Request[];

  constructor() {
    const small = make(smallBytes, 1000);
    const files = fileSizes.flatMap((sizeBytes) => make(sizeBytes, 1));
    const outputs = small.slice(0, 5);
    const [action, ...actions] = make(smallBytes, 1);
    if (action === undefined || actions.length > 0) throw new Error('one action');
    this.small = small;
    this.files = files;
    const texts = textSizes.map(text);
    this.texts = texts;
    this.outputs = outputs;
    this.action = action;
    this.absent = make(smallBytes, small.length);
    const batches = Array.from({ length: small.length / blobsPerBatch }, (_, i) =>
      batchUpdate(small.slice(i * blobsPerBatch, (i + 1) * blobsPerBatch)),
    );
    const writes = [...files, ...texts, action].map((blob) => write(blob, blob.data, 64 * 1024));
    this.#uploads = [...batches, ...writes, updateActionResult(action, outputs)];
  }

  /** Uploads what is to be there. */
  async fill(port: number): Promise<void> {
    using client = new GrpcClient(port);
    for (const { path, body } of this.#uploads) await client.must(path, body);
  }
}

function make(sizeBytes: number, count: number): Stocked[] {
  const source = new NumberedBlobs(sizeBytes);
  return Array.from({ length: count }, (_, n) => {
    const blob = source.at(n);
    return { hex: blob.hex, sizeBytes, data: source.dataOf(blob) };
  });
}

/** What a compiler might read: words that come again and numbers that don't. */
function text(sizeBytes: number): Stocked {
  const lines: string[] = [];
  for (let bytes = 0; bytes < sizeBytes; bytes += lines.at(-1)?.length ?? 0) {
    const [a, b] = [randomInt(1e6), randomInt(1e6)];
    lines.push(`  if (state->count_${a} > ${b}) return emit_value(state, table_of_names[${lines.length}], result);\n`);
  }
  const data = Buffer.from(lines.join('')).subarray(0, sizeBytes);
  return { hex: createHash('sha256').update(data).digest('hex'), sizeBytes, data };
}
