/** What a decompressor of Node's gave, asked for `info`, if it used all that it was given. */
export function usedUp(bytes: Uint8Array, given: unknown): Uint8Array {
  const { buffer, engine } = given as { buffer: Uint8Array; engine: { bytesWritten: number } }; // Not in Node's types.
  const unusedBytes = bytes.byteLength - engine.bytesWritten;
  if (unusedBytes > 0) throw new Error(`${unusedBytes} bytes follow its end`);
  return buffer;
}
