/**
 * A Digest message in a field `2` as everybody writes it: the field's tag and length, the hash's tag and length, the hash,
 * and the size, each number in as few bytes as it takes, and nothing else.
 */
export const plainDigest = {
  /** The size, in bytes, in such a field that starts at `start`; 0 for any other layout, and for sizes from 256 MiB on. */
  sizeBytes(bytes: Uint8Array, start: number): number {
    const end = start + 2 + (bytes[start + 1] as number);
    const hashEnd = start + 4 + (bytes[start + 3] as number);
    if (bytes[start] !== 0x12 || bytes[start + 2] !== 0x0a || bytes[hashEnd] !== 0x10) return 0;
    if (end > bytes.length || end > start + 2 + 0x7f || hashEnd + 5 < end) return 0;
    let sizeBytes = 0;
    for (let at = hashEnd + 1, shift = 0; at < end; at++, shift += 7) {
      const byte = bytes[at] as number;
      sizeBytes |= (byte & 0x7f) << shift;
      if (byte < 0x80) return at + 1 === end ? sizeBytes : 0;
    }
    return 0;
  },

  hashLength(bytes: Uint8Array, start: number): number {
    return bytes[start + 3] as number;
  },

  /** Where its hash begins. */
  textAt(start: number): number {
    return start + 4;
  },

  /** Where the field starts whose hash begins at `textAt`. */
  startOf(textAt: number): number {
    return textAt - 4;
  },

  fieldLength(bytes: Uint8Array, textAt: number): number {
    return 2 + (bytes[textAt - 3] as number);
  },

  field(bytes: Uint8Array, textAt: number): Uint8Array {
    return bytes.subarray(textAt - 4, textAt - 4 + plainDigest.fieldLength(bytes, textAt));
  },
} as const;
