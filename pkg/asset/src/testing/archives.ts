import { crc32, deflateRawSync } from 'node:zlib';

/** A header of a tar and what is behind it. `type` is one character; `fields` overwrite bytes of the header. */
export function tarEntry(
  name: string | Buffer,
  {
    type = '0',
    content = '',
    mode = 0o644,
    target = '',
    size,
  }: {
    readonly type?: string;
    readonly content?: string | Buffer;
    readonly mode?: number;
    readonly target?: string;
    readonly size?: number;
  } = {},
): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  Buffer.from(name).copy(header, 0, 0, 100);
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write(`${(size ?? bytes.byteLength).toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156, 'latin1');
  header.write(target, 157, 100);
  header.write('ustar\x0000', 257, 'latin1');
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.byteLength % 512)) % 512)]);
}

export function tar(...entries: readonly Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

export function pax(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const body = Buffer.byteLength(rest);
    const digits = String(body + String(body).length).length;
    return `${body + digits}${rest}`;
  });
  return tarEntry('pax', { type: 'x', content: lines.join('') });
}

export interface ZipFile {
  readonly name: string;
  readonly content?: string | Buffer;
  /** As `stat` has it. */
  readonly mode?: number;
  readonly isStored?: boolean;
  /** Puts the sizes where ZIP64 has them. */
  readonly isLarge?: boolean;
  /** What the directory says instead of the truth. */
  readonly says?: {
    readonly sizeBytes?: number;
    readonly crc?: number;
    readonly flags?: number;
    readonly method?: number;
  };
}

export function zip(...files: readonly ZipFile[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content = '', mode = 0o100644, isStored = false, isLarge = false, says = {} } of files) {
    const bytes = Buffer.from(content);
    const stored = isStored ? bytes : deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(nameBytes.byteLength, 26);
    const sizes = [says.sizeBytes ?? bytes.byteLength, stored.byteLength];
    const extra = Buffer.alloc(isLarge ? 28 : 0);
    if (isLarge) {
      extra.writeUInt16LE(1);
      extra.writeUInt16LE(24, 2);
      for (const [i, size] of [...sizes, offset].entries()) extra.writeBigUInt64LE(BigInt(size), 4 + 8 * i);
    }
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50);
    record.writeUInt8(3, 5);
    record.writeUInt16LE(says.flags ?? 0, 8);
    record.writeUInt16LE(says.method ?? (isStored ? 0 : 8), 10);
    record.writeUInt32LE(says.crc ?? crc32(bytes), 16);
    record.writeUInt32LE(isLarge ? 0xffffffff : (sizes[1] as number), 20);
    record.writeUInt32LE(isLarge ? 0xffffffff : (sizes[0] as number), 24);
    record.writeUInt16LE(nameBytes.byteLength, 28);
    record.writeUInt16LE(extra.byteLength, 30);
    record.writeUInt16LE(mode, 40);
    record.writeUInt32LE(isLarge ? 0xffffffff : offset, 42);
    directory.push(record, nameBytes, extra);
    parts.push(local, nameBytes, stored);
    offset += 30 + nameBytes.byteLength + stored.byteLength;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
