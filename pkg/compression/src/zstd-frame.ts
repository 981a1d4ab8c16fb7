import type { Refuse } from './format.ts';

/** What to do with the next bytes: gather some (a few, at least one) to look at, or pass over some (at least one). */
export type Step = { readonly gather: number } | { readonly pass: number };

/** How a frame begins (RFC 8878, 3.1.1 and 3.1.2). */
const magic = 0xfd2fb528;
const skippableMagicFirst = 0x184d2a50;
const skippableMagicLast = 0x184d2a5f;

/** Blocks are no larger, whatever their header says (RFC 8878, 3.1.1.2.4). */
const blockBytesMax = 128 * 1024;

/** What libzstd takes unless told otherwise. Only its slowest levels ask for more than 8 MiB. */
const windowBytesMax = 128 * 2 ** 20;

interface Told {
  readonly refuse: Refuse;
  /** How large a window the frame asks for, bytes. */
  readonly onWindow: (bytes: number) => void;
}

/** Walks through one frame of zstd, skippable or not. Resumed with the bytes of the last step; returns at the frame's end. */
export function* zstdFrame({ refuse, onWindow }: Told): Generator<Step, void, Buffer> {
  const number = (yield { gather: 4 }).readUInt32LE(0);
  if (number >= skippableMagicFirst && number <= skippableMagicLast) {
    const sizeBytes = (yield { gather: 4 }).readUInt32LE(0);
    if (sizeBytes > 0) yield { pass: sizeBytes };
    return;
  }
  if (number !== magic) refuse(`${number.toString(16).padStart(8, '0')} where a frame begins`);
  const layout = layoutOf((yield { gather: 1 }).readUInt8(0));
  const windowBytes = windowOf(layout, yield { gather: layout.headerBytes });
  if (windowBytes > windowBytesMax) refuse(`a window of ${windowBytes} bytes; ${windowBytesMax} is the most`);
  onWindow(windowBytes);
  for (let isLast = false; !isLast; ) {
    const block = (yield { gather: 3 }).readUIntLE(0, 3);
    const kind = (block >> 1) & 3;
    const sizeBytes = block >> 3;
    if (kind === 3 || sizeBytes > blockBytesMax) refuse(`a block of kind ${kind} and ${sizeBytes} bytes`);
    const isOneByteRepeated = kind === 1;
    if (isOneByteRepeated) yield { pass: 1 };
    else if (sizeBytes > 0) yield { pass: sizeBytes };
    isLast = (block & 1) === 1;
  }
  if (layout.hasChecksum) yield { pass: 4 };
}

interface Layout {
  readonly headerBytes: number;
  readonly hasWindow: boolean;
  readonly dictionaryIdBytes: number;
  readonly contentSizeBytes: number;
  readonly hasChecksum: boolean;
}

/** What the descriptor says of the frame header that follows it (RFC 8878, 3.1.1.1.1). */
function layoutOf(descriptor: number): Layout {
  const hasWindow = (descriptor & 0x20) === 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSizeFlag = descriptor >> 6;
  const contentSizeBytes = contentSizeFlag > 0 ? 1 << contentSizeFlag : Number(!hasWindow);
  const headerBytes = Number(hasWindow) + dictionaryIdBytes + contentSizeBytes;
  return { headerBytes, hasWindow, dictionaryIdBytes, contentSizeBytes, hasChecksum: (descriptor & 4) !== 0 };
}

/** The window a header asks for (RFC 8878, 3.1.1.1.2). A frame without one has all its content for a window. */
function windowOf({ hasWindow, dictionaryIdBytes, contentSizeBytes }: Layout, header: Buffer): number {
  if (hasWindow) {
    const window = header.readUInt8(0);
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  switch (contentSizeBytes) {
    case 1:
      return header.readUInt8(dictionaryIdBytes);
    case 2:
      return header.readUInt16LE(dictionaryIdBytes) + 256;
    case 4:
      return header.readUInt32LE(dictionaryIdBytes);
    default:
      return Number(header.readBigUInt64LE(dictionaryIdBytes));
  }
}
