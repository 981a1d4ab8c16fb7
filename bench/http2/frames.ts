/** RFC 9113, section 6. */
export const FrameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { endStream: 1, acknowledge: 1, endHeaders: 4, padded: 8 } as const;

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  concurrentStreamsMax: 3,
  initialWindow: 4,
  frameMax: 5,
} as const;

export const frameHeaderBytes = 9;

export function writeFrameHeader(
  target: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  target.writeUIntBE(length, at, 3);
  target[at + 3] = type;
  target[at + 4] = flags;
  target.writeUInt32BE(stream, at + 5);
  return at + frameHeaderBytes;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.byteLength);
  bytes.set(payload, writeFrameHeader(bytes, 0, payload.byteLength, type, flags, stream));
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([setting, value], i) => {
    payload.writeUInt32BE(value, payload.writeUInt16BE(setting, i * 6));
  });
  return frame(FrameType.settings, 0, 0, payload);
}

export function uint32Frame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, stream, payload);
}

/** Is told what a FrameReader reads. Bytes are lent until the call returns. */
export interface FrameSink {
  /** A part of a DATA frame's payload. */
  onData(stream: number, bytes: Buffer): void;
  /** The peer has nothing more to say on this stream; said after its last DATA or HEADERS. */
  onEnd(stream: number): void;
  /** Any other frame, whole. */
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
}

/** Takes a byte stream apart into frames. DATA passes as it comes; only what is small is ever put together. */
export class FrameReader {
  readonly #sink: FrameSink;
  #carry: Buffer | undefined;
  /** Of the DATA frame that is under way. */
  #missing = 0;
  #stream = 0;
  #flags = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    const bytes = this.#carry === undefined ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#carry = undefined;
    let at = 0;
    while (at < bytes.length) {
      if (this.#missing > 0) at = this.#passData(bytes, at);
      else {
        const next = this.#readFrame(bytes, at);
        if (next === undefined) break;
        at = next;
      }
    }
    if (at < bytes.length) this.#carry = Buffer.from(bytes.subarray(at)); // The chunk is only lent.
  }

  #passData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#missing);
    this.#sink.onData(this.#stream, bytes.subarray(at, end));
    this.#missing -= end - at;
    if (this.#missing === 0) this.#endIfSaid(this.#flags, this.#stream);
    return end;
  }

  #readFrame(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < frameHeaderBytes) return undefined;
    const length = bytes.readUIntBE(at, 3);
    const type = bytes[at + 3] ?? 0;
    const flags = bytes[at + 4] ?? 0;
    const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    const payloadAt = at + frameHeaderBytes;
    if (type === FrameType.data) {
      if ((flags & Flag.padded) !== 0) throw new Error('padded DATA is beyond this client');
      [this.#missing, this.#stream, this.#flags] = [length, stream, flags];
      if (length === 0) this.#endIfSaid(flags, stream);
      return payloadAt;
    }
    if (bytes.length - payloadAt < length) return undefined;
    this.#sink.onFrame(type, flags, stream, bytes.subarray(payloadAt, payloadAt + length));
    if (type === FrameType.headers) this.#endIfSaid(flags, stream);
    return payloadAt + length;
  }

  #endIfSaid(flags: number, stream: number): void {
    if ((flags & Flag.endStream) !== 0) this.#sink.onEnd(stream);
  }
}
