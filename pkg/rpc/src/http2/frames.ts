/** RFC 9113, section 6. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { acknowledge: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** RFC 9113, section 6.5.2. */
export const setting = {
  headerTableBytes: 1,
  enablePush: 2,
  streamsMax: 3,
  initialWindow: 4,
  frameBytesMax: 5,
  headerListBytesMax: 6,
} as const;

/** RFC 9113, section 7. */
export const errorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const frameHeaderBytes = 9;

/** No frame may be larger until a peer has said that it takes larger ones (RFC 9113, section 4.2). */
export const defaultFrameBytesMax = 16_384;

/** What may be sent on a connection, and on each of its streams, before anything is said (RFC 9113, section 6.9.2). */
export const defaultWindowBytes = 65_535;

export const windowBytesMax: number = 2 ** 31 - 1;

/** Breaks the connection: its peer has done what can't be borne, or not be understood. */
export class ConnectionError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function writeFrameHeader(
  target: Buffer,
  at: number,
  { length, type, flags, stream }: { length: number; type: number; flags: number; stream: number },
): void {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  target[at + 5] = stream >>> 24;
  target[at + 6] = stream >>> 16;
  target[at + 7] = stream >>> 8;
  target[at + 8] = stream;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.byteLength);
  writeFrameHeader(bytes, 0, { length: payload.byteLength, type, flags, stream });
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([setting, value], i) => {
    payload.writeUInt32BE(value, payload.writeUInt16BE(setting, i * 6));
  });
  return frame(frameType.settings, 0, 0, payload);
}

export function windowUpdateFrame(stream: number, bytes: number): Buffer {
  return frame(frameType.windowUpdate, 0, stream, uint32(bytes));
}

export function resetFrame(stream: number, code: number): Buffer {
  return frame(frameType.resetStream, 0, stream, uint32(code));
}

export function goAwayFrame(lastStream: number, code: number, why: string): Buffer {
  return frame(frameType.goAway, 0, 0, Buffer.concat([uint32(lastStream), uint32(code), Buffer.from(why)]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
