import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { nodeWeb } from './node-web.ts';

const ctx = background();

/** A real origin on the loopback, and how its port is written. */
async function origin(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('nodeWeb', () => {
  test('connects to the addresses it is given, and asks no resolver', async () => {
    await using server = await origin((request, response) => {
      response.end(`${request.headers.host} ${request.url} ${request.headers['x-a']}`);
    });
    const url = new URL(`http://nowhere.invalid:${server.port}/a/b?c`);
    await using response = await nodeWeb.get(ctx, url, ['127.0.0.1'], { 'x-a': 'b' });
    expect([response.status, await read(response.body)]).toEqual([200, `nowhere.invalid:${server.port} /a/b?c b`]);
  });

  test('tries the next address where one does not answer', async () => {
    await using server = await origin((_, response) => void response.end('here'));
    const url = new URL(`http://nowhere.invalid:${server.port}/`);
    await using response = await nodeWeb.get(ctx, url, ['127.0.0.2', '127.0.0.1'], {});
    expect(await read(response.body)).toBe('here');
  });

  test('follows nothing, and undoes no coding', async () => {
    await using server = await origin((_, response) => {
      response.writeHead(302, { location: '/elsewhere', 'content-encoding': 'gzip' }).end('not gzip');
    });
    await using response = await nodeWeb.get(ctx, new URL(`http://127.0.0.1:${server.port}/`), ['127.0.0.1'], {});
    expect([response.status, response.header('location'), await read(response.body)]).toEqual([
      302,
      '/elsewhere',
      'not gzip',
    ]);
  });

  test('finds out who is called localhost, and that nobody is called otherwise', async () => {
    expect(await nodeWeb.resolve(ctx, 'localhost')).toContain('127.0.0.1');
    await expect(nodeWeb.resolve(ctx, 'nowhere.invalid')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('says unavailable of a port where nobody listens', async () => {
    let port = 0;
    {
      await using server = await origin(() => {});
      port = server.port;
    }
    await expect(nodeWeb.get(ctx, new URL(`http://127.0.0.1:${port}/`), ['127.0.0.1'], {})).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^asking 127\.0\.0\.1:\d+: /),
    });
  });

  test('says unavailable of an answer that breaks off', async () => {
    await using server = await origin((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    await using response = await nodeWeb.get(ctx, new URL(`http://127.0.0.1:${server.port}/`), ['127.0.0.1'], {});
    await expect(read(response.body)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('says unavailable of what is no HTTP', async () => {
    const server = createTcp((socket) => void socket.resume().end('220 mail.example ESMTP\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const asking = nodeWeb.get(ctx, new URL(`http://127.0.0.1:${port}/`), ['127.0.0.1'], {});
    await expect(asking).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => server.close(resolve));
  });

  test('says unavailable of who speaks no TLS where it should', async () => {
    await using server = await origin(() => {});
    const asking = nodeWeb.get(ctx, new URL(`https://127.0.0.1:${server.port}/`), ['127.0.0.1'], {});
    await expect(asking).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('does not talk to who shows a certificate that nobody vouches for', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gorego-node-web-'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem'];
    const options = { cwd: directory, stdio: 'ignore' } as const;
    execFileSync('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', '-subj', '/CN=a.example'], options);
    const [privateKey, cert] = await Promise.all(
      ['key.pem', 'cert.pem'].map((name) => readFile(join(directory, name))),
    );
    await rm(directory, { recursive: true });
    let asked = 0;
    const server = createTls({ key: privateKey, cert }, (_, response) => {
      asked++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`https://a.example:${(server.address() as AddressInfo).port}/`);
    await expect(nodeWeb.get(ctx, url, ['127.0.0.1'], { authorization: 'secret' })).rejects.toMatchObject({
      code: 'permission_denied',
    });
    expect(asked).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  test('leaves when its context ends, before the answer and in the middle of it', async () => {
    const left = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asked = 0;
    await using server = await origin((request, response) => {
      const { resolve } = left[asked] as PromiseWithResolvers<void>;
      asked++;
      request.socket.on('close', () => resolve());
      if (request.url === '/half') response.writeHead(200).write('half');
    });
    const url = (path: string): URL => new URL(`http://127.0.0.1:${server.port}/${path}`);
    const why = new Failure('deadline_exceeded', 'too late');

    const first = new Scope();
    const silent = nodeWeb.get(first, url('silent'), ['127.0.0.1'], {});
    setTimeout(() => first.cancel(why), 50);
    await expect(silent).rejects.toBe(why);

    const second = new Scope();
    const response = await nodeWeb.get(second, url('half'), ['127.0.0.1'], {});
    const reading = read(response.body);
    setTimeout(() => second.cancel(why), 50);
    await expect(reading).rejects.toBe(why);
    await Promise.all(left.map(({ promise }) => promise));
  });
});
