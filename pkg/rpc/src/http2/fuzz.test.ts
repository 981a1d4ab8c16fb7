import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Connection } from './connection.ts';
import { errorCode, frame, frameType, preface, resetFrame, settingsFrame, windowUpdateFrame } from './frames.ts';
import type { Stream } from './stream.ts';

/** A socket as far as a Connection asks it, whose client sends what it is told, and reads or not. */
class FakeSocket extends EventEmitter {
  writableNeedDrain = false;
  destroyed = false;
  sentBytes = 0;

  write(bytes: Uint8Array): boolean {
    this.sentBytes += bytes.byteLength;
    return true;
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {}
  resume(): void {}
  destroySoon(): void {
    this.destroyed = true;
  }
}

const requestBlock = Buffer.from('8386440161', 'hex'); // POST http a.
const ids = fc.constantFrom(0, 1, 2, 3, 5, 7, 9, 2 ** 31 - 1);
const streams = fc.constantFrom(1, 3, 5, 7, 9);
const flags = fc.constantFrom(0, 1, 4, 5, 8, 0x20, 0x2d, 0xff);
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom(requestBlock, Buffer.of(0, 0, 0, 8), Buffer.of(0x7f, 0xff, 0xff, 0xff), Buffer.alloc(8)),
);
const anyFrame = fc
  .tuple(fc.nat(12), flags, ids, payloads)
  .map(([type, flags, id, payload]) => frame(type, flags, id, payload));
const request = fc
  .tuple(fc.constantFrom(4, 5), streams)
  .map(([flags, id]) => frame(frameType.headers, flags, id, requestBlock));
const data = fc
  .tuple(fc.constantFrom(0, 0, 1), streams, fc.constantFrom(0, 1, 9000, 16_384))
  .map(([flags, id, bytes]) => frame(frameType.data, flags, id, Buffer.alloc(bytes)));
const reset = streams.map((id) => resetFrame(id, errorCode.cancel));
const window = fc.tuple(ids, fc.constantFrom(1, 1000)).map(([id, bytes]) => windowUpdateFrame(id, bytes));
const sensible = fc.oneof({ arbitrary: request, weight: 4 }, { arbitrary: data, weight: 4 }, reset, window);
const frames = fc.array(fc.oneof({ arbitrary: sensible, weight: 30 }, anyFrame), { maxLength: 30 });

test('whatever frames come, the connection goes on or is given up as HTTP/2 says, and no request is forgotten', () => {
  let requests = 0;
  fc.assert(
    fc.property(frames, fc.uint8Array({ maxLength: 20 }), (frames, rest) => {
      const socket = new FakeSocket();
      const bugs: unknown[] = [];
      const open = new Set<Stream>();
      const connection = new Connection(socket as unknown as Socket, {
        streamsMax: 3,
        streamWindowBytes: 20_000,
        connectionWindowBytes: 70_000,
        onBug: (reason) => bugs.push(reason),
        onRequest: (connection, stream) => {
          requests++;
          open.add(stream);
          const over = (): void => {
            open.delete(stream);
            connection.release();
          };
          stream.listener = {
            onBody: ({ byteLength }) => connection.consumed(stream, byteLength),
            onBodyEnd: () => {
              connection.send(stream, [Buffer.alloc(100)]);
              connection.end(stream, Buffer.of());
              over();
            },
            onGone: over,
            onRoom: () => {},
          };
        },
      });
      socket.emit('data', Buffer.concat([preface, settingsFrame([])]));
      for (const chunk of [...frames, Buffer.from(rest)]) socket.emit('data', chunk);
      connection.drain();
      socket.emit('close');
      expect(bugs).toEqual([]);
      expect(open.size).toBe(0);
    }),
    { numRuns: 3000 },
  );
  expect(requests).toBeGreaterThan(1000);
});
