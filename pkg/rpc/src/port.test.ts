import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Port, parseAddress } from './port.ts';

describe('parseAddress', () => {
  test.each([
    ['127.0.0.1:8980', { host: '127.0.0.1', port: 8980 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    [':8980', { host: '::', port: 8980 }],
  ])('reads %s', (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });

  test.each(['', '8980', 'localhost', 'localhost:', 'a:65536', '::1:80', 'a:b', 'a:-1'])('refuses %j', (text) => {
    expect(() => parseAddress(text)).toThrow(`${JSON.stringify(text)} is not HOST:PORT`);
  });
});

test('a port is closed when its last connection has gone, though that breaks off', async () => {
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const port = await Port.listen('127.0.0.1:0', resolve);
  const client = connect(port.address.port, port.address.host);
  await once(client, 'connect');
  const socket = await accepted;
  port.stopAccepting();
  const closed = port.closed();
  socket.destroy(new Error('broken off'));
  client.destroy();
  await expect(closed).resolves.toBeUndefined();
  expect(port.connections).toBe(0);
});
