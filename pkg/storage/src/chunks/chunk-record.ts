import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';

/** The chunks that are a blob, one after another. */
export interface ChunkList {
  readonly chunks: readonly Digest[];
  /** What cut the blob: a number of REAPI's `ChunkingFunction.Value`. */
  readonly chunkingFunction: number;
}

/** Where a blob is that need not be kept as itself. */
export type ChunkRecord =
  | ({ readonly kind: 'list' } & ChunkList)
  /** From an offset on in another blob. */
  | { readonly kind: 'part'; readonly of: Digest; readonly offset: number }
  /** Not where, but how large: for who knows its hash alone. */
  | { readonly kind: 'size'; readonly sizeBytes: number };

/**
 * How that is written down: a line of text that says what it is, and a line for each chunk.
 *
 *     gorego-chunks 1 list <chunking function>\n<digest>\n<digest>\n…
 *     gorego-chunks 1 part <digest> <offset>\n
 *     gorego-chunks 1 size <bytes>\n
 */
export const ChunkRecord = {
  encode(record: ChunkRecord): Uint8Array {
    const lines = record.kind === 'list' ? record.chunks : [];
    return Buffer.from([magic + headOf(record), ...lines, ''].join('\n'));
  },

  /** Undefined for anything but a record. */
  decode(bytes: Uint8Array): ChunkRecord | undefined {
    const [head = '', ...lines] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString('latin1')
      .split('\n');
    if (!head.startsWith(magic) || lines.pop() !== '') return undefined;
    const [kind, first = '', second = ''] = head.slice(magic.length).split(' ');
    try {
      if (kind === 'list') return { kind, chunks: lines.map(Digest.parse), chunkingFunction: Number(first) };
      if (kind === 'part') return { kind, of: Digest.parse(first), offset: Number(second) };
      if (kind === 'size') return { kind, sizeBytes: Number(first) };
      return undefined;
    } catch (reason) {
      if (reason instanceof Failure) return undefined;
      throw reason;
    }
  },
} as const;

const magic = 'gorego-chunks 1 ';

function headOf(record: ChunkRecord): string {
  switch (record.kind) {
    case 'list':
      return `list ${record.chunkingFunction}`;
    case 'part':
      return `part ${record.of} ${record.offset}`;
    case 'size':
      return `size ${record.sizeBytes}`;
    default:
      return record satisfies never;
  }
}
