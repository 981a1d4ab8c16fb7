import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ServedHttpCache, serveHttpCache } from './testing/serve-http-cache.ts';

let served: ServedHttpCache;
beforeEach(async () => {
  served = await serveHttpCache({ bytesMax: 1000 });
});
afterEach(async () => {
  expect(served.bugs).toEqual([]);
  await served[Symbol.asyncDispose]();
});

function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Response> {
  const token = { authorization: 'Bearer whatever', ...headers };
  return fetch(`${served.url}${path}`, { method, headers: token, ...(body !== undefined && { body }) });
}

describe('Turborepo', () => {
  const path = '/v8/artifacts/0123456789abcdef';

  test('is told that there is a cache, and tells what it likes', async () => {
    expect(await (await ask('GET', '/v8/artifacts/status?teamId=t')).json()).toEqual({ status: 'enabled' });
    expect((await ask('POST', '/v8/artifacts/events', '[{"event":"HIT"}]')).status).toBe(200);
    const preflight = await ask('OPTIONS', path);
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      200,
      expect.stringMatching(/authorization/),
    ]);
  });

  test.each(['', '/a/b'])('has its artifacts below %j, with what it said of them', async (instance) => {
    const at = `${instance}${path}?teamId=team_1`;
    expect((await ask('GET', at)).status).toBe(404);
    expect((await ask('HEAD', at)).status).toBe(404);
    const stored = await ask('PUT', at, 'an artifact', { 'x-artifact-tag': 'c2lnbmVk', 'x-artifact-duration': '1234' });
    expect([stored.status, await stored.json()]).toEqual([202, { urls: [at] }]);
    const got = await ask('GET', at);
    const said = (answer: Response): unknown[] => [
      answer.status,
      answer.headers.get('x-artifact-tag'),
      answer.headers.get('x-artifact-duration'),
    ];
    expect(said(got)).toEqual([200, 'c2lnbmVk', '1234']);
    expect(await got.text()).toBe('an artifact');
    expect(said(await ask('HEAD', at))).toEqual([200, 'c2lnbmVk', '1234']);
    for (const other of [path, `${path}?teamId=team_2`, `${path}?slug=team_2`, `/c${path}?teamId=team_1`]) {
      expect((await ask('GET', other)).status).toBe(404);
    }
  });

  test('is told in JSON what failed: it reads nothing else', async () => {
    const refused = await ask('PUT', '/v8/artifacts/a.b', 'an artifact');
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { error: { code: 'invalid_argument', message: expect.stringContaining('a.b') } },
    ]);
  });

  test('may ask for many artifacts at once', async () => {
    await ask('PUT', '/v8/artifacts/aa?slug=s', 'four', { 'x-artifact-duration': '7', 'x-artifact-tag': 't' });
    await ask('PUT', '/v8/artifacts/bb?slug=s', 'three');
    const answer = await ask('POST', '/v8/artifacts?slug=s', '{"hashes": ["aa", "bb", "cc"]}');
    expect(await answer.json()).toEqual({
      aa: { size: 4, taskDurationMs: 7, tag: 't' },
      bb: { size: 5, taskDurationMs: 0 },
      cc: null,
    });
    for (const wrong of ['', 'null', '[]', '{"hashes": "aa"}', '{"hashes": [1]}', '{"hashes": ["../x"]}']) {
      expect((await ask('POST', '/v8/artifacts', wrong)).status).toBe(400);
    }
    const tooMany = JSON.stringify({ hashes: Array.from({ length: 1001 }, () => 'a') });
    expect((await ask('POST', '/v8/artifacts', tooMany)).status).toBe(400);
  });

  test.each([
    ['DELETE', path, 405],
    ['PUT', '/v8/artifacts/status', 405],
    ['GET', '/v8/artifacts/events', 405],
    ['GET', '/v8/artifacts', 405],
    ['PUT', '/v8/artifacts/a.b', 400],
  ])('is refused %s %s', async (method, at, status) => {
    expect((await ask(method, at)).status).toBe(status);
  });
});

describe('Nx', () => {
  const path = '/v1/cache/12345678901234567890';

  test.each(['', '/a/b'])('has its records below %j, each put once', async (instance) => {
    const at = `${instance}${path}`;
    expect((await ask('GET', at)).status).toBe(404);
    expect((await ask('PUT', at, 'a record')).status).toBe(200);
    expect((await ask('PUT', at, 'another')).status).toBe(409);
    const got = await ask('GET', at);
    expect([got.status, await got.text()]).toEqual([200, 'a record']);
    expect((await ask('GET', `/c${path}`)).status).toBe(404);
    expect((await ask('DELETE', at)).status).toBe(405);
    expect((await ask('GET', '/v1/cache/a%20b')).status).toBe(400);
  });
});

test('a lookup is a hit or a miss, and what goes through is counted', async () => {
  const told: unknown[] = [];
  await using watched = await serveHttpCache({
    activity: {
      hit: ({ tool }) => told.push(['hit', tool]),
      miss: ({ tool }) => told.push(['miss', tool]),
      served: (_caller, bytes) => told.push(['served', bytes]),
      stored: (_caller, bytes) => told.push(['stored', bytes]),
    },
  });
  const headers = { 'user-agent': 'ccache/4.7.5' };
  for (const path of ['/ab/cdef', `/ac/${'0'.repeat(64)}`]) {
    for (const [method, body] of [['HEAD'], ['GET'], ['PUT', 'value'], ['HEAD'], ['GET']] as const) {
      await (await fetch(`${watched.url}${path}`, { method, headers, ...(body && { body }) })).text();
    }
    const [miss, stored, ...hit] = told.splice(0);
    expect([miss, stored]).toEqual([
      ['miss', 'ccache/4.7.5'],
      ['stored', 5],
    ]);
    expect(hit).toEqual(
      expect.arrayContaining([
        ['served', 5],
        ['hit', 'ccache/4.7.5'],
      ]),
    );
    expect(hit).toHaveLength(2);
  }
});

describe('Gradle', () => {
  const path = '/cache/0123456789abcdef0123456789abcdef';

  test('keeps its entries, replaces them, and hears of those that are too large', async () => {
    const basic = { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` };
    expect((await ask('GET', path, undefined, basic)).status).toBe(404);
    for (const entry of ['an entry', 'another one']) {
      expect((await ask('PUT', path, entry, basic)).ok).toBe(true);
      expect(await (await ask('GET', path, undefined, basic)).text()).toBe(entry);
    }
    expect((await ask('PUT', path, 'x'.repeat(1001), basic)).status).toBe(413);
    expect(await (await ask('GET', path)).text()).toBe('another one');
  });
});

describe('the Maven build cache', () => {
  test('keeps its files by group, artifact and checksum', async () => {
    const path = '/maven/v1.1/com.example/app/1f2e3d4c5b6a7988';
    for (const file of ['buildinfo.xml', 'app.jar', 'build-cache-report.xml']) {
      expect((await ask('HEAD', `${path}/${file}`)).status).toBe(404);
      expect((await ask('PUT', `${path}/${file}`, file)).ok).toBe(true);
      expect((await ask('HEAD', `${path}/${file}`)).status).toBe(200);
      expect(await (await ask('GET', `${path}/${file}`)).text()).toBe(file);
    }
  });
});
