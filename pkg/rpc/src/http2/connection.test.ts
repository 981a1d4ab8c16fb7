import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { answerHead, field, okTrailers } from './answer-blocks.ts';
import { Connection, type ConnectionInit } from './connection.ts';
import { errorCode, flag, frame, frameType, preface, settingsFrame, windowUpdateFrame } from './frames.ts';
import type { RequestHead } from './request-head.ts';
import type { Stream, StreamListener } from './stream.ts';

const windowBytes = 100_000;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A client that says frames as it is told, and hears all that come back. */
class Client {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  #bytes: Buffer = Buffer.of();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#hear(chunk));
  }

  get isClosed(): boolean {
    return this.socket.closed || this.socket.readableEnded;
  }

  say(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  of(type: number, stream?: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type && (stream ?? frame.stream) === frame.stream);
  }

  /** The error codes of the resets of a stream. */
  resets(stream: number): number[] {
    return this.of(frameType.resetStream, stream).map(({ payload }) => payload.readUInt32BE(0));
  }

  /** The error code with which the connection was given up. */
  get goAway(): number | undefined {
    return this.of(frameType.goAway).at(-1)?.payload.readUInt32BE(4);
  }

  dataBytes(stream?: number): number {
    return this.of(frameType.data, stream).reduce((sum, { payload }) => sum + payload.byteLength, 0);
  }

  #hear(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const end = this.#bytes.byteLength < 9 ? Number.POSITIVE_INFINITY : 9 + this.#bytes.readUIntBE(0, 3);
      if (end > this.#bytes.byteLength) return;
      const payload = Buffer.from(this.#bytes.subarray(9, end));
      const [type, flags] = [this.#bytes[3] ?? 0, this.#bytes[4] ?? 0];
      this.frames.push({ type, flags, stream: this.#bytes.readUInt32BE(5), payload });
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

/** A request as the server sees it. */
interface Heard {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly head: RequestHead;
  body: number;
  hasEnded: boolean;
  isGone: boolean;
}

async function connected(
  init: Partial<ConnectionInit> = {},
  { onRequest = () => {} }: { onRequest?: (heard: Heard) => void } = {},
): Promise<{ client: Client; heard: Heard[]; served: { connection: Connection; socket: Socket } }> {
  const heard: Heard[] = [];
  let served: { connection: Connection; socket: Socket } | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const connection = new Connection(socket, {
      streamsMax: 10,
      streamWindowBytes: windowBytes,
      connectionWindowBytes: 2 * windowBytes,
      onBug: (reason) => {
        throw reason;
      },
      onRequest: (connection, stream, head) => {
        const request: Heard = { connection, stream, head, body: 0, hasEnded: false, isGone: false };
        stream.listener = listenerOf(request);
        heard.push(request);
        onRequest(request);
      },
      ...init,
    });
    served = { connection, socket };
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Client(connect((server.address() as AddressInfo).port, '127.0.0.1'));
  cleanUp.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => served?.socket.destroy(),
    () => client.socket.destroy(),
  );
  client.say(preface, settingsFrame([]));
  await until(() => client.of(frameType.settings).length === 2);
  if (served === undefined) throw new Error('nobody has connected');
  return { client, heard, served };
}

function listenerOf(heard: Heard): StreamListener {
  return {
    onBody: ({ byteLength }) => {
      heard.body += byteLength;
    },
    onBodyEnd: () => {
      heard.hasEnded = true;
    },
    onGone: () => {
      heard.isGone = true;
    },
    onRoom: () => {},
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const requestBlock = Buffer.concat([
  Buffer.of(0x83, 0x86), // POST, http.
  field(':path', '/s.S/M'),
]);

function headers(stream: number, { more, isEnd = false }: { more?: Buffer; isEnd?: boolean } = {}): Buffer {
  const flags = flag.endHeaders | (isEnd ? flag.endStream : 0);
  return frame(frameType.headers, flags, stream, Buffer.concat([requestBlock, more ?? Buffer.of()]));
}

function data(stream: number, bytes: number, isEnd = false): Buffer {
  const frames: Buffer[] = [];
  for (let rest = bytes; rest > 0 || frames.length === 0; rest -= 16_384) {
    const isLast = rest <= 16_384;
    frames.push(
      frame(frameType.data, isEnd && isLast ? flag.endStream : 0, stream, Buffer.alloc(Math.min(rest, 16_384))),
    );
  }
  return Buffer.concat(frames);
}

const ping = frame(frameType.ping, 0, 0, Buffer.from('12345678'));

/** Resolves when the server has read all that was said so far. */
async function settled(client: Client): Promise<void> {
  const answers = client.of(frameType.ping).length;
  client.say(ping);
  await until(() => client.of(frameType.ping).length > answers || client.isClosed);
}

function answer({ connection, stream }: Heard, bytes: number): void {
  connection.respond(stream, answerHead);
  connection.send(stream, [Buffer.alloc(bytes)]);
  connection.end(stream, okTrailers);
  connection.release();
}

describe('Connection', () => {
  test('hands requests on, and sends their answers', async () => {
    const { client, heard } = await connected();
    client.say(headers(1), data(1, 50_000), data(1, 3, true), headers(3, { isEnd: true }));
    await until(() => heard.length === 2 && heard.every(({ hasEnded }) => hasEnded));
    expect(heard.map(({ head, body }) => [head.path, body])).toEqual([
      ['/s.S/M', 50_003],
      ['/s.S/M', 0],
    ]);
    for (const request of heard) answer(request, 10);
    await until(() => client.of(frameType.headers).length === 4);
    expect([client.dataBytes(1), client.dataBytes(3)]).toEqual([10, 10]);
    expect(client.of(frameType.headers, 3).map(({ flags }) => flags & flag.endStream)).toEqual([0, flag.endStream]);
  });

  test('puts a header block together from several frames', async () => {
    const { client, heard } = await connected();
    const [first, ...rest] = requestBlock;
    client.say(frame(frameType.headers, flag.endStream, 1, Buffer.of(first ?? 0)));
    for (const byte of rest) client.say(frame(frameType.continuation, 0, 1, Buffer.of(byte)));
    client.say(frame(frameType.continuation, flag.endHeaders, 1, Buffer.of()));
    await until(() => heard[0]?.hasEnded === true);
    expect(heard[0]?.head.path).toBe('/s.S/M');
  });

  test('sends as much as the client’s windows have room for, and more when they have more', async () => {
    const { client, heard } = await connected();
    client.say(settingsFrame([[4, 30_000]]), headers(1, { isEnd: true }));
    await until(() => heard.length === 1);
    answer(heard[0] as Heard, 200_000);
    await settled(client);
    expect(client.dataBytes(1)).toBe(30_000);
    client.say(windowUpdateFrame(1, 1_000_000));
    await settled(client);
    expect(client.dataBytes(1)).toBe(65_535); // All the connection has.
    client.say(windowUpdateFrame(0, 1_000_000));
    await until(() => client.dataBytes(1) === 200_000);
  });

  test('bears a window that is made smaller than what was sent', async () => {
    const { client, heard } = await connected();
    client.say(windowUpdateFrame(0, 1_000_000), headers(1, { isEnd: true }));
    await until(() => heard.length === 1);
    answer(heard[0] as Heard, 200_000);
    await until(() => client.dataBytes(1) === 65_535);
    client.say(settingsFrame([[4, 0]]), windowUpdateFrame(1, 65_535));
    await settled(client);
    expect(client.dataBytes(1)).toBe(65_535);
    client.say(windowUpdateFrame(1, 10));
    await until(() => client.dataBytes(1) === 65_545);
  });

  test('lets streams take turns', async () => {
    const { client, heard } = await connected();
    client.say(settingsFrame([[4, 10_000_000]]), headers(1, { isEnd: true }), headers(3, { isEnd: true }));
    await until(() => heard.length === 2);
    for (const request of heard) answer(request, 1_000_000);
    client.say(windowUpdateFrame(0, 500_000));
    await until(() => client.dataBytes() === 565_535);
    expect(Math.abs(client.dataBytes(1) - client.dataBytes(3))).toBeLessThan(3 * 64 * 1024);
  });

  test('lets an answer without data pass those that wait', async () => {
    const { client, heard } = await connected();
    client.say(headers(1, { isEnd: true }), headers(3, { isEnd: true }));
    await until(() => heard.length === 2);
    const [first, second] = heard as [Heard, Heard];
    answer(first, 1_000_000);
    second.connection.end(second.stream, Buffer.concat([answerHead, okTrailers]));
    await until(() => client.of(frameType.headers, 3).length === 1);
    expect(client.dataBytes(1)).toBe(65_535);
  });

  test('holds no more of an answer than waits to be sent, though there is always more', async () => {
    const { client, heard } = await connected();
    client.say(settingsFrame([[4, 100_000_000]]), windowUpdateFrame(0, 100_000_000), headers(1, { isEnd: true }));
    await until(() => heard.length === 1);
    const { connection, stream } = heard[0] as Heard;
    let [sent, most] = [0, 0];
    const more = (): void => {
      for (; sent < 20_000_000 && stream.queuedBytes < 100_000; sent += 10_000) {
        connection.send(stream, [Buffer.alloc(10_000)]);
      }
      most = Math.max(most, stream.queue.length);
    };
    stream.listener = { onBody: () => {}, onBodyEnd: () => {}, onGone: () => {}, onRoom: more };
    connection.respond(stream, answerHead);
    more();
    await until(() => client.dataBytes(1) === 20_000_000);
    expect(most).toBeLessThan(20);
  });

  test('says when pieces may change: when all of them have left, and not if they never will', async () => {
    const { client, heard } = await connected();
    client.say(settingsFrame([[4, 100_000_000]]), headers(1, { isEnd: true }), headers(3, { isEnd: true }));
    await until(() => heard.length === 2);
    const sent: number[] = [];
    for (const { connection, stream } of heard) {
      connection.respond(stream, answerHead);
      for (const letter of 'ab') {
        const piece = Buffer.alloc(150_000, letter);
        const onSent = (): void => {
          sent.push(stream.id);
          piece.fill('x');
        };
        connection.send(stream, [Buffer.from('head'), piece], onSent);
      }
    }
    await until(() => client.dataBytes() === 65_535);
    client.say(windowUpdateFrame(0, 100_000));
    await until(() => client.dataBytes() === 165_535);
    expect(sent).toEqual([]);
    client.say(frame(frameType.resetStream, 0, 3, Buffer.from([0, 0, 0, 8])), windowUpdateFrame(0, 1_000_000));
    await until(() => client.dataBytes(1) === 300_008);
    await settled(client);
    expect(sent).toEqual([1, 1]);
    const got = Buffer.concat(client.of(frameType.data, 1).map(({ payload }) => payload)).toString();
    expect(got === `head${'a'.repeat(150_000)}head${'b'.repeat(150_000)}`).toBe(true);
  });

  test('lets the client send again what was consumed', async () => {
    const { client, heard } = await connected();
    client.say(headers(1), data(1, windowBytes));
    await until(() => heard[0]?.body === windowBytes);
    const granted = (stream: number): number =>
      client.of(frameType.windowUpdate, stream).reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
    const grantedToAll = granted(0);
    await settled(client);
    expect(granted(1)).toBe(0);
    heard[0]?.connection.consumed(heard[0].stream, windowBytes);
    await until(() => granted(1) === windowBytes);
    expect(granted(0) - grantedToAll).toBe(windowBytes);
  });

  // obligation: BSW-22
  test('discards what comes after the answer, up to a point, and returns the connection’s window', async () => {
    const { client, heard } = await connected();
    client.say(headers(1));
    await until(() => heard.length === 1);
    answer(heard[0] as Heard, 0);
    const mebibyte = data(1, 1024 * 1024);
    for (let i = 0; i < 17; i++) {
      client.say(mebibyte); // The windows are returned as it comes, so this is no error.
      await settled(client);
    }
    expect(client.resets(1)).toEqual([errorCode.none]);
    client.say(mebibyte, headers(3), data(3, windowBytes)); // What was on its way is no error either.
    await until(() => heard[1]?.body === windowBytes);
    expect([heard[0]?.body, client.goAway]).toEqual([0, undefined]);
  });

  test.each([
    ['resets', (client: Client) => client.say(frame(frameType.resetStream, 0, 1, Buffer.of(0, 0, 0, 8)))],
    ['leaves', (client: Client) => client.socket.destroy()],
  ])('says of a stream that it is gone when its client %s', async (_, leave) => {
    const { client, heard } = await connected();
    client.say(headers(1), data(1, windowBytes));
    await until(() => heard[0]?.body === windowBytes);
    leave(client);
    await until(() => heard[0]?.isGone === true);
    answer(heard[0] as Heard, 10); // Too late: it goes nowhere.
  });

  test('counts requests that are still being answered, though their client has reset them', async () => {
    const { client, heard } = await connected({ streamsMax: 2 });
    const reset = (stream: number): Buffer => frame(frameType.resetStream, 0, stream, Buffer.of(0, 0, 0, 8));
    client.say(headers(1), reset(1), headers(3), reset(3), headers(5));
    await until(() => client.resets(5).length > 0);
    expect(client.resets(5)).toEqual([errorCode.refusedStream]);
    heard[0]?.connection.release();
    client.say(headers(7));
    await until(() => heard.length === 3);
  });

  test('stops reading from a client that does not read what it is answered', async () => {
    const { client, served } = await connected();
    client.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => ping));
    for (let i = 0; i < 150; i++) client.socket.write(pings); // 25 MB.
    let read = -1;
    for (let still = 0; still < 20; still++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (served.socket.bytesRead !== read) still = 0;
      read = served.socket.bytesRead;
    }
    expect(read).toBeLessThan(15_000_000);
    expect(served.socket.writableLength).toBeLessThan(2_000_000);
    client.socket.resume();
    await until(() => client.of(frameType.ping).length === 1_500_000);
  }, 60_000);

  test('says goodbye, finishes what has begun, and hangs up', async () => {
    const { client, heard, served } = await connected();
    client.say(headers(1), headers(3, { isEnd: true }));
    await until(() => heard.length === 2);
    served.connection.drain();
    await until(() => client.goAway === errorCode.none);
    expect(client.of(frameType.goAway)[0]?.payload.readUInt32BE(0)).toBe(3);
    client.say(headers(5));
    await until(() => client.resets(5).length > 0);
    expect(client.resets(5)).toEqual([errorCode.refusedStream]);
    client.say(data(1, 10, true));
    await until(() => heard[0]?.hasEnded === true);
    for (const request of heard) answer(request, 10);
    await until(() => client.isClosed);
    expect([client.dataBytes(1), client.dataBytes(3)]).toEqual([10, 10]);
  });

  const huge = field('x', 'y'.repeat(10_000));
  test.each<[string, readonly Buffer[], number]>([
    ['a field that is malformed', [headers(1, { more: field('Upper', 'x') })], errorCode.protocol],
    ['fields that are too many', [headers(1, { more: Buffer.alloc(2000, 0x90) })], errorCode.enhanceYourCalm],
    ['more data than its window', [headers(1), data(1, windowBytes + 1)], errorCode.flowControl],
    ['data after its end', [headers(1, { isEnd: true }), data(1, 1)], errorCode.streamClosed],
    [
      'less data than was announced',
      [headers(1, { more: field('content-length', '10') }), data(1, 9, true)],
      errorCode.protocol,
    ],
    [
      'more data than was announced',
      [headers(1, { more: field('content-length', '10') }), data(1, 11, true)],
      errorCode.protocol,
    ],
    ['a window of nothing more', [headers(1), windowUpdateFrame(1, 0)], errorCode.protocol],
    ['a window beyond all bounds', [headers(1), windowUpdateFrame(1, 2 ** 31 - 1)], errorCode.flowControl],
    ['headers in the middle', [headers(1), headers(1)], errorCode.protocol],
  ])('resets a stream with %s, and goes on', async (_, frames, code) => {
    const { client, heard } = await connected();
    client.say(...frames);
    await until(() => client.resets(1).length > 0);
    expect(client.resets(1)).toEqual([code]);
    expect(heard.every(({ isGone }) => isGone)).toBe(true);
    client.say(headers(3, { isEnd: true }));
    await until(() => heard.at(-1)?.stream.id === 3);
  });

  test.each<[string, readonly Buffer[], number]>([
    [
      'a block of headers without end',
      Array(8).fill(frame(frameType.continuation, 0, 1, huge)),
      errorCode.enhanceYourCalm,
    ],
    [
      'frames of headers without end',
      Array(65).fill(frame(frameType.continuation, 0, 1, Buffer.of())),
      errorCode.enhanceYourCalm,
    ],
    ['another frame within a block', [ping], errorCode.protocol],
    ['another stream’s frame within a block', [frame(frameType.continuation, 0, 3, Buffer.of())], errorCode.protocol],
    [
      'headers that can’t be decoded',
      [frame(frameType.continuation, flag.endHeaders, 1, Buffer.of(0x80))],
      errorCode.compression,
    ],
  ])('gives a connection up for %s', async (_, frames, code) => {
    const { client } = await connected();
    client.say(frame(frameType.headers, 0, 1, requestBlock), ...frames);
    await until(() => client.isClosed);
    expect(client.goAway).toBe(code);
  });

  test.each<[string, Buffer, number]>([
    [
      'more data than all windows',
      Buffer.concat([headers(1), data(1, windowBytes), headers(3), data(3, windowBytes), headers(5), data(5, 1)]),
      errorCode.flowControl,
    ],
    ['a stream of an even number', headers(2), errorCode.protocol],
    ['a stream used again', Buffer.concat([headers(3, { isEnd: true }), headers(1)]), errorCode.streamClosed],
    ['data of no stream', data(1, 1), errorCode.protocol],
    ['a push', frame(frameType.pushPromise, 0, 1, Buffer.alloc(4)), errorCode.protocol],
    ['a window beyond all bounds', windowUpdateFrame(0, 2 ** 31 - 1), errorCode.flowControl],
  ])('gives a connection up for %s at once', async (_, bytes, code) => {
    const { client, heard } = await connected();
    client.say(bytes);
    await until(() => client.isClosed);
    expect(client.goAway).toBe(code);
    expect(heard.every(({ isGone, hasEnded }) => isGone || hasEnded)).toBe(true);
  });
});
