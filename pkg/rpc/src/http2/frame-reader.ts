import { ConnectionError, errorCode, flag, frameHeaderBytes, frameType, preface } from './frames.ts';

/** Is told what a FrameReader reads; throws ConnectionError for what it can't bear. */
export interface FrameSink {
  /** A DATA frame begins; `flowBytes`, its whole payload, count in flow control. */
  onDataBegin(stream: number, flowBytes: number): void;
  /** A part of its data, as it comes. The bytes are part of a larger piece of memory. */
  onData(stream: number, bytes: Buffer): void;
  /** It is complete; `paddingBytes` of it were no data. */
  onDataEnd(stream: number, paddingBytes: number, isEndOfStream: boolean): void;
  /** Any other frame, whole. Its payload is lent until this returns. */
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
}

/** Takes what a client sends apart into frames, after its preface. DATA passes as it comes; only what is small is put together. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #frameBytesMax: number;
  #isBegun = false;
  /** What is too little to be read yet, and how much there must be. */
  #carried: Buffer[] = [];
  #carriedBytes = 0;
  #wantedBytes = 0;
  /** Of the DATA frame under way: what is missing of its data, and of all of it. */
  #dataBytes = 0;
  #missingBytes = 0;
  #paddingBytes = 0;
  #stream = 0;
  #flags = 0;

  constructor(sink: FrameSink, frameBytesMax: number) {
    this.#sink = sink;
    this.#frameBytesMax = frameBytesMax;
  }

  push(chunk: Buffer): void {
    const bytes = this.#withCarried(chunk);
    if (bytes === undefined) return;
    let at = 0;
    for (;;) {
      const next = this.#missingBytes > 0 ? this.#passData(bytes, at) : this.#read(bytes, at);
      if (next === at) break;
      at = next;
    }
    if (at < bytes.byteLength) this.#carry(bytes.subarray(at));
  }

  #withCarried(chunk: Buffer): Buffer | undefined {
    if (this.#carriedBytes === 0) return chunk;
    this.#carry(chunk);
    if (this.#carriedBytes < this.#wantedBytes) return undefined;
    const bytes = Buffer.concat(this.#carried);
    this.#carried = [];
    this.#carriedBytes = 0;
    return bytes;
  }

  #carry(bytes: Buffer): void {
    this.#carried.push(bytes);
    this.#carriedBytes += bytes.byteLength;
  }

  /** Where it has come to; `at` if what is there is too little. */
  #read(bytes: Buffer, at: number): number {
    if (!this.#isBegun) return this.#readPreface(bytes);
    this.#wantedBytes = frameHeaderBytes;
    if (bytes.byteLength - at < frameHeaderBytes) return at;
    const length = bytes.readUIntBE(at, 3);
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    if (length > this.#frameBytesMax) {
      throw new ConnectionError(errorCode.frameSize, `a frame of ${length} bytes, more than ${this.#frameBytesMax}`);
    }
    const isPadded = type === frameType.data && (flags & flag.padded) !== 0;
    const wholeBytes = type === frameType.data ? Number(isPadded) : length;
    this.#wantedBytes = frameHeaderBytes + wholeBytes;
    if (bytes.byteLength - at < this.#wantedBytes) return at;
    const payloadAt = at + frameHeaderBytes;
    if (type === frameType.data) return this.#beginData(bytes, payloadAt, { length, flags, stream, isPadded });
    this.#sink.onFrame(type, flags, stream, bytes.subarray(payloadAt, payloadAt + length));
    return payloadAt + length;
  }

  #readPreface(bytes: Buffer): number {
    this.#wantedBytes = preface.byteLength;
    const length = Math.min(bytes.byteLength, preface.byteLength);
    if (preface.compare(bytes, 0, length, 0, length) !== 0) {
      throw new ConnectionError(errorCode.protocol, 'it does not begin as HTTP/2 does');
    }
    if (length < preface.byteLength) return 0;
    this.#isBegun = true;
    return length;
  }

  #beginData(
    bytes: Buffer,
    at: number,
    { length, flags, stream, isPadded }: { length: number; flags: number; stream: number; isPadded: boolean },
  ): number {
    const lengthByte = Number(isPadded);
    const padding = isPadded ? (bytes[at] as number) : 0;
    if (lengthByte + padding > length) {
      throw new ConnectionError(errorCode.protocol, `${padding} bytes of padding in a frame of ${length}`);
    }
    this.#sink.onDataBegin(stream, length);
    this.#stream = stream;
    this.#flags = flags;
    this.#paddingBytes = lengthByte + padding;
    this.#missingBytes = length - lengthByte;
    this.#dataBytes = this.#missingBytes - padding;
    if (this.#missingBytes === 0) this.#endData();
    return at + lengthByte;
  }

  #passData(bytes: Buffer, at: number): number {
    const data = Math.min(this.#dataBytes, bytes.byteLength - at);
    if (data > 0) this.#sink.onData(this.#stream, bytes.subarray(at, at + data));
    const passed = Math.min(this.#missingBytes, bytes.byteLength - at);
    this.#dataBytes -= data;
    this.#missingBytes -= passed;
    if (this.#missingBytes === 0) this.#endData();
    return at + passed;
  }

  #endData(): void {
    this.#sink.onDataEnd(this.#stream, this.#paddingBytes, (this.#flags & flag.endStream) !== 0);
  }
}
