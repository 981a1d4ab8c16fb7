import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { codeOf, freshBlob, Reapi, readName, upload } from '@gorego/server/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

const serverName = 'cache.example.internal';

let directory: string;
let far: Running;
let port: number;
const cleanUp = new AsyncDisposableStack();

/** Keys and certificates below `directory`: two authorities, a server's and a client's of the first, a stranger's of the second. */
async function makeCertificates(): Promise<void> {
  const openssl = (...args: string[]): Promise<unknown> => promisify(execFile)('openssl', args, { cwd: directory });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = (name: string): Promise<unknown> =>
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  const certified = async (name: string, by: string): Promise<void> => {
    await writeFile(join(directory, `${name}.ext`), `subjectAltName=DNS:${name}\n`);
    await openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signing = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', `${name}.ext`];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`);
  };
  await Promise.all(['authority', 'another'].map(authority));
  await certified(serverName, 'authority');
  await certified('client', 'authority');
  await certified('stranger', 'another');
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-tls-'));
  cleanUp.defer(() => rm(directory, { recursive: true }));
  await makeCertificates();
  far = cleanUp.use(await assembled(directory, '--local_store.dir=far'));
  // TLS ends here, as it would in front of a team's cache; who shows no certificate of the authority's is not let in.
  const file = (name: string): Promise<Buffer> => readFile(join(directory, name));
  const server = createServer(
    {
      key: await file(`${serverName}.key`),
      cert: await file(`${serverName}.pem`),
      ca: await file('authority.pem'),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
    },
    (client) => {
      const onward = connect(far.rpc.address.port, '127.0.0.1');
      for (const socket of [client, onward]) socket.on('error', () => [client, onward].map((each) => each.destroy()));
      client.pipe(onward).pipe(client);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.defer(() => void server.close());
  port = (server.address() as AddressInfo).port;
}, 60_000);
afterAll(() => cleanUp.disposeAsync());

function clientOf({ rpc }: Running): Reapi {
  return new Reapi({ address: rpc.address, mode: 'strict', offers: [], instances: [''] });
}

const ca = '--backing_cache.ca_file=authority.pem';
const client = ['--backing_cache.certificate_file=client.pem', '--backing_cache.key_file=client.key'];
const name = `--backing_cache.server_name=${serverName}`;

describe('a backing cache by TLS', () => {
  test('is reached with its authority, its name, and a certificate it knows', async () => {
    const target = `--backing_cache.target=grpcs://127.0.0.1:${port}`;
    await using near = await assembled(directory, '--local_store.dir=near', target, ca, name, ...client);
    using api = clientOf(near);
    using farApi = clientOf(far);
    const blobs = [freshBlob(1000), freshBlob(2_000_000)];
    await upload(api, ...blobs);
    for (const { digest, bytes } of blobs) expect(Buffer.compare(await farApi.read(readName(digest)), bytes)).toBe(0);
  });

  test.each<[string, string, readonly string[]]>([
    ['an authority that is not its own', 'grpcs', ['--backing_cache.ca_file=another.pem', name, ...client]],
    ['no authority but the system’s', 'grpcs', [name, ...client]],
    ['another name', 'grpcs', [ca, ...client]],
    ['no certificate', 'grpcs', [ca, name]],
    [
      'a stranger’s certificate',
      'grpcs',
      [ca, name, '--backing_cache.certificate_file=stranger.pem', '--backing_cache.key_file=stranger.key'],
    ],
    ['no TLS', 'grpc', []],
  ])('is not reached with %s, and nothing is called missing', async (_, scheme, flags) => {
    const target = `--backing_cache.target=${scheme}://127.0.0.1:${port}`;
    await using near = await assembled(directory, '--local_store.dir=wrong', target, ...flags);
    using api = clientOf(near);
    expect(await api.has(freshBlob(10).digest).catch(codeOf)).toBe('unavailable');
    expect(await upload(api, freshBlob(10)).catch(codeOf)).toBe('unavailable');
  });
});
