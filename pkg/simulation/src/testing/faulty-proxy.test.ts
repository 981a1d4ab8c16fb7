import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { FaultyProxy, type LineFaults } from './faulty-proxy.ts';

/** A server that sends back what it gets, and a faulty line to it. */
async function line(faults: LineFaults): Promise<{ proxy: FaultyProxy } & AsyncDisposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket).on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await FaultyProxy.listen((server.address() as AddressInfo).port);
  proxy.set(faults);
  return {
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      server.close();
    },
  };
}

/** Sends `bytes` and collects what comes back until the line ends, or all of it has. */
async function roundTrip(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.end(bytes);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(parts);
}

const bytes = Buffer.alloc(300_000, 'gorego');

describe('FaultyProxy', () => {
  test('passes everything on when it has no faults, or is merely long', async () => {
    for (const faults of [{}, { latencyMs: 20 }, { bytesPerSecond: 3_000_000 }]) {
      await using made = await line(faults);
      expect(Buffer.compare(await roundTrip(made.proxy.port, bytes), bytes)).toBe(0);
      expect(made.proxy.bytesDown).toBe(300_000);
    }
  });

  test('refuses', async () => {
    await using made = await line({ refuses: true });
    expect(await roundTrip(made.proxy.port, bytes)).toHaveLength(0);
  });

  test('cuts', async () => {
    await using made = await line({ cutsAfterBytes: 100_000 });
    expect((await roundTrip(made.proxy.port, bytes)).byteLength).toBeLessThanOrEqual(100_000);
  });

  test('talks nonsense', async () => {
    await using made = await line({ garbles: 1 });
    expect(new Set(await roundTrip(made.proxy.port, bytes))).toEqual(new Set([0xa5]));
  });

  test('swallows, and lets go of what it swallowed when it is mended', async () => {
    await using made = await line({ blackholes: true });
    const answer = roundTrip(made.proxy.port, bytes);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(made.proxy.bytesDown).toBe(0);
    made.proxy.set({});
    expect(await answer).toHaveLength(300_000);
  });
});
