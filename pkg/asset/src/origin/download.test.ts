import { hash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, withTimeout } from '@gorego/context';
import { NodeDisk, systemRandom } from '@gorego/platform';
import { ManualClock } from '@gorego/platform/testing';
import { bytesOf } from '@gorego/storage';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Policy, type PolicyInit } from '../policy/policy.ts';
import { parseIntegrity } from '../request/integrity.ts';
import type { HeaderMap } from '../request/origin-headers.ts';
import { Spool } from '../spool.ts';
import { breaking, SimulatedWeb, stalling } from '../testing/simulated-web.ts';
import { type Downloaded, Downloader } from './download.ts';

const ctx = background();
const url = 'https://a.example/x';
const sri = (text: string | Buffer, name = 'sha256'): string =>
  `${name}-${hash(name, text, 'buffer').toString('base64')}`;

let folder: string;
let web: SimulatedWeb;
let clock: ManualClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gorego-asset-'));
  web = new SimulatedWeb();
  clock = new ManualClock();
});
afterEach(() => rm(folder, { recursive: true }));

async function downloader(init: Partial<PolicyInit> = {}, sizeMax = 2 ** 24): Promise<Downloader> {
  const disk = new NodeDisk(folder);
  const spool = await Spool.open({ disk, folder: 'spool', random: systemRandom });
  const policy = new Policy({ allow: ['https://*', 'http://*:*', `file://${folder}`], allowNetworks: [], ...init });
  return new Downloader({ web, files: new NodeDisk('/'), policy, spool, clock, sizeMax });
}

interface Request {
  readonly uris?: readonly string[];
  readonly integrity?: string;
  readonly headers?: (index: number) => HeaderMap;
}

async function download(
  { uris = [url], integrity, headers = () => ({}) }: Request = {},
  from?: Downloader,
): Promise<Downloaded> {
  const checksums = integrity === undefined ? [] : parseIntegrity(integrity);
  return (from ?? (await downloader())).download(ctx, { uris, checksums, headers, functionName: 'sha256' });
}

async function textOf({ content }: Downloaded): Promise<string> {
  return Buffer.from(await bytesOf(content.open(), 2 ** 30)).toString();
}

/** Lets time pass until the promise is settled; not while it is the disk that is waited for. */
async function passing<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  while (!isSettled) {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    if (clock.pending > 0) clock.pass(100);
  }
  return settled;
}

describe('a download', () => {
  test('gives the bytes, their digest, and where they are from', async () => {
    web.page(url, 'hello');
    await using content = (await download({ integrity: sri('hello', 'sha512') })).content;
    expect([content.sizeBytes, content.digest]).toEqual([5, `sha256:${hash('sha256', 'hello')}/5`]);
    expect(await textOf({ uri: url, content })).toBe('hello');
    expect(web.open).toBe(0);
  });

  test('keeps what is large on the disk, reads it as often as one likes, and leaves nothing', async () => {
    const large = Buffer.alloc(3_000_000, 'abcdefg');
    web.pages.set(url, () => ({
      body: [large.subarray(0, 10), large.subarray(10, 1_500_000), large.subarray(1_500_000)],
    }));
    {
      await using content = (await download({ integrity: sri(large) })).content;
      expect(await readdir(join(folder, 'spool'))).toHaveLength(1);
      for (let i = 0; i < 2; i++) expect(Buffer.from(await bytesOf(content.open(), 2 ** 30)).equals(large)).toBe(true);
      expect(Buffer.from(await content.read(2_999_999, 10)).toString()).toBe(large.subarray(2_999_999).toString());
    }
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  // obligation: AS-3
  test('is refused with a wrong checksum, and leaves nothing', async () => {
    web.page(url, Buffer.alloc(2_000_000));
    await expect(download({ integrity: sri('hello') })).rejects.toMatchObject({ code: 'aborted', uri: url });
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  // obligation: AS-3
  test('needs one right checksum among several', async () => {
    web.page(url, 'hello');
    expect(await textOf(await download({ integrity: `${sri('other')} ${sri('hello', 'sha384')}` }))).toBe('hello');
  });

  // obligation: AS-7
  test('asks one mirror after the other', async () => {
    const uris = ['https://a.example/1', 'https://b.example/2', 'https://c.example/3', 'https://d.example/4'];
    web.pages.set(uris[1] as string, () => ({ body: breaking(Buffer.from('hel')) }));
    web.page(uris[2] as string, 'hello');
    const { uri, content } = await download({ uris });
    expect([uri, content.sizeBytes]).toEqual([uris[2], 5]);
  });

  // obligation: AS-4
  test.each([
    [404, 'not_found'],
    [410, 'not_found'],
    [401, 'permission_denied'],
    [403, 'permission_denied'],
    [429, 'resource_exhausted'],
    [504, 'deadline_exceeded'],
    [418, 'aborted'],
    [206, 'aborted'],
    [304, 'aborted'],
  ])('of what an origin answers with %i is %s', async (status, code) => {
    web.pages.set(url, () => ({ status, body: [Buffer.from('sorry')] }));
    await expect(download()).rejects.toMatchObject({ code, uri: url });
    expect(web.open).toBe(0);
  });

  test('tells of the first mirror that did not merely lack it', async () => {
    const uris = ['https://a.example/1', 'https://b.example/2', 'https://c.example/3'];
    web.pages.set(uris[1] as string, () => ({ status: 403 }));
    await expect(download({ uris })).rejects.toMatchObject({
      code: 'permission_denied',
      uri: uris[1],
      message: 'a.example answers 404; b.example answers 403; c.example answers 404',
    });
  });

  test('tries once more, a little later, where an origin could not be reached', async () => {
    let asked = 0;
    web.pages.set(url, () => {
      asked++;
      return asked === 1 ? { status: 503 } : { body: [Buffer.from('hello')] };
    });
    expect(await textOf(await passing(download()))).toBe('hello');
    web.pages.set(url, () => ({ status: 503 }));
    await expect(passing(download())).rejects.toMatchObject({ code: 'unavailable' });
  });

  // obligation: AS-4
  test.each([
    ['says nothing', () => new Promise<never>(() => {})],
    ['stops in the middle', () => ({ body: stalling(Buffer.from('hel')) })],
  ])('gives an origin up that %s', async (_, page) => {
    web.pages.set(url, page);
    const gaveUp = { code: 'deadline_exceeded', message: expect.stringContaining('30000 ms') };
    await expect(passing(download())).rejects.toMatchObject(gaveUp);
    while (web.open > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('ends with its context, which leaves no time for another mirror', async () => {
    web.pages.set(url, () => ({ body: stalling(Buffer.from('hel')) }));
    using scope = withTimeout(ctx, clock, 1000, 'fetching');
    const waiting = (await downloader()).download(scope, {
      uris: [url, 'https://b.example/2'],
      checksums: [],
      headers: () => ({}),
      functionName: 'sha256',
    });
    await expect(passing(waiting)).rejects.toMatchObject({ code: 'deadline_exceeded', uri: url });
    expect(web.asked).toHaveLength(1);
  });

  test.each([
    ['announced', { 'content-length': '100' }],
    ['seen', {}],
  ])('of too many bytes is refused as soon as that is %s', async (_, headers) => {
    web.pages.set(url, () => ({ headers, body: Array.from({ length: 100 }, () => Buffer.alloc(1)) }));
    const small = await downloader({}, 50);
    await expect(download({}, small)).rejects.toMatchObject({ code: 'resource_exhausted', uri: url });
  });
});

describe('an origin', () => {
  test('is not asked unless the policy allows it', async () => {
    const closed = await downloader({ allow: [] });
    await expect(download({}, closed)).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringMatching(/remote_asset\.allow/),
    });
    expect(web.asked).toEqual([]);
  });

  test.each([
    'http://127.0.0.1/x',
    'http://2130706433/x',
    'http://0x7f.1/x',
    'http://[::1]/x',
    'http://[::ffff:169.254.169.254]/latest/meta-data',
    'http://169.254.169.254/latest/meta-data',
    'http://inside.example/x',
    'http://mixed.example/x',
  ])('at %s is not asked', async (uri) => {
    web.addresses.set('inside.example', ['10.0.0.1']);
    web.addresses.set('mixed.example', ['8.8.8.8', 'fd00::1']);
    await expect(download({ uris: [uri] })).rejects.toMatchObject({ code: 'permission_denied' });
    expect(web.asked).toEqual([]);
  });

  test('is asked at the addresses that were judged', async () => {
    web.addresses.set('a.example', ['8.8.8.8', '2606:4700::1111']);
    web.page(url, 'hello');
    await download();
    expect(web.asked.map(({ addresses }) => addresses)).toEqual([['8.8.8.8', '2606:4700::1111']]);
  });

  test('may be inside, where the configuration says so', async () => {
    web.page('http://10.1.2.3/x', 'hello');
    const inside = await downloader({ allowNetworks: ['10.1.0.0/16'] });
    expect(await textOf(await download({ uris: ['http://10.1.2.3/x'] }, inside))).toBe('hello');
  });

  test.each([
    'http://inside.example/x',
    'http://169.254.169.254/latest',
    'file:///etc/passwd',
    'ftp://b.example/x',
    'http://[malformed',
  ])('is not followed to %s', async (location) => {
    web.addresses.set('inside.example', ['10.0.0.1']);
    web.redirect(url, location);
    await expect(download()).rejects.toMatchObject({ code: expect.stringMatching(/^(permission_denied|aborted)$/) });
    expect(web.asked).toHaveLength(1);
  });

  test('is not followed where the allow-list ends', async () => {
    web.redirect(url, 'https://b.example/y');
    const one = await downloader({ allow: ['https://a.example'] });
    await expect(download({}, one)).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test.each([301, 302, 303, 307, 308])('is followed through %i, relative places included', async (status) => {
    web.redirect(url, '/y?z', status);
    web.page('https://a.example/y?z', 'hello');
    expect(await textOf(await download())).toBe('hello');
  });

  test('is not followed in circles', async () => {
    web.redirect(url, url);
    await expect(download()).rejects.toMatchObject({ code: 'aborted' });
    expect(web.asked.length).toBeLessThan(25);
    expect(web.open).toBe(0);
  });

  test('gets the headers that are meant for it, and another origin does not', async () => {
    const headers = (index: number): HeaderMap => (index === 0 ? { authorization: 'Bearer a', accept: 'b' } : {});
    web.redirect(url, 'https://a.example/y');
    web.redirect('https://a.example/y', 'https://b.example/z');
    web.page('https://b.example/z', 'hello');
    await download({ headers });
    expect(web.asked.map((asked) => [asked.headers['authorization'], asked.headers['accept']])).toEqual([
      ['Bearer a', 'b'],
      ['Bearer a', 'b'],
      [undefined, 'b'],
    ]);
  });

  test('gets the name and password of its URL as a header', async () => {
    web.page('https://u%20:p@a.example/x', 'hello');
    await download({ uris: ['https://u%20:p@a.example/x'] });
    expect(web.asked[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('u :p').toString('base64')}`);
  });
});

describe('a mirror of files', () => {
  test('gives what is below it', async () => {
    const large = Buffer.alloc(700_000, 'abcdefg');
    await writeFile(join(folder, 'ä.bin'), large);
    const { content } = await download({ uris: [`file://${folder}/%C3%A4.bin`], integrity: sri(large) });
    expect(content.sizeBytes).toBe(700_000);
  });

  test.each([
    ['nothing', 'none', 'not_found'],
    ['a directory', '', 'permission_denied'],
    ['a link', 'link', 'permission_denied'],
    ['what is behind a link', 'way/passwd', 'permission_denied'],
    ['what is far behind a link', 'way/cron.d/e2scrub_all', 'permission_denied'],
    ['what is below a file', 'link/passwd', 'permission_denied'],
    ['a way out', '../../../etc/passwd', 'permission_denied'],
    ['a hidden way out', '..%2f..%2f..%2fetc%2fpasswd', 'permission_denied'],
    ['a NUL', 'a%00b', 'not_found'],
    ['what is no path', 'a%ff', 'not_found'],
  ])('does not give %s', async (_, name, code) => {
    await symlink('/etc/passwd', join(folder, 'link'));
    await symlink('/etc', join(folder, 'way'));
    const reading = download({ uris: [`file://${folder}/${name}`] });
    await expect(reading).rejects.toMatchObject({
      code: expect.stringMatching(new RegExp(`${code}|invalid_argument`)),
    });
  });

  test('may itself be behind a link', async () => {
    await mkdir(join(folder, 'real/below'), { recursive: true });
    await writeFile(join(folder, 'real/below/x'), 'hello');
    await symlink(join(folder, 'real'), join(folder, 'mirror'));
    const linked = await downloader({ allow: [`file://${folder}/mirror`] });
    expect(await textOf(await download({ uris: [`file://${folder}/mirror/below/x`] }, linked))).toBe('hello');
  });

  test('is not on another machine', async () => {
    const open = await downloader({ allow: ['file:///'] });
    await expect(download({ uris: ['file://server/share/x'] }, open)).rejects.toMatchObject({
      code: 'permission_denied',
    });
  });
});

test.each(['urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'git://a.example/x', 'no URL at all'])(
  'nothing is fetched from %s',
  async (uri) => {
    await expect(download({ uris: [uri] })).rejects.toMatchObject({ code: 'not_found', uri });
  },
);
