import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { digestFunctionNames } from '@gorego/digest';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { effective, printEffective } from './effective.ts';
import { fromFlags } from './from-flags.ts';
import { type Loaded, loadConfig } from './load-config.ts';
import { nearest } from './nearest.ts';
import { ConfigProblems } from './problem.ts';
import { keys } from './schema.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-config-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function load({
  files = {},
  file,
  env = {},
  args = [],
}: {
  files?: Record<string, string>;
  file?: string;
  env?: Record<string, string>;
  args?: string[];
} = {}): Promise<Loaded> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  const { said } = fromFlags(args);
  return loadConfig({ directory, file, environment: env, flags: said });
}

async function problems(of: Parameters<typeof load>[0]): Promise<string[]> {
  const failure = await load(of).then(
    () => [],
    (reason: unknown) => reason,
  );
  expect(failure).toBeInstanceOf(ConfigProblems);
  return (failure as ConfigProblems).message.replaceAll(`${directory}/`, '').split('\n');
}

describe('loadConfig', () => {
  test('has a default for everything', async () => {
    const { config, origins, file } = await load();
    expect(config).toEqual({
      listenAddr: '127.0.0.1:8980',
      httpListenAddr: undefined,
      digestFunctions: undefined,
      instances: { allow: undefined, separate: undefined },
      writers: { instances: undefined, networks: undefined },
      localStore: {
        dir: './data',
        forceUpdateAtime: false,
        segmentThreshold: 65_536,
        durability: 'process',
        scrubRate: 0,
        compression: 'off',
      },
      janitor: { maxSize: 10 * 2 ** 30, minFree: undefined, policy: 'lru', grace: 600_000 },
      remoteAsset: { allow: undefined, allowNetworks: undefined, timeout: 600_000, maxSize: 2 ** 32 },
      backingCache: expect.objectContaining({
        target: undefined,
        existenceLease: 3_600_000,
        localWrite: 'async',
        compression: 'off',
        headers: new Map(),
      }),
      server: { drainTimeout: 30_000, uploadResumeWindow: 60_000 },
      telemetry: { log: { level: 'info', format: 'auto' } },
    });
    expect(new Set(origins.values())).toEqual(new Set(['default']));
    expect(file).toBeUndefined();
  });

  test('lets the environment win over the file, and flags over both', async () => {
    const files = {
      'gorego.yaml':
        'listen_addr: 127.0.0.1:1\nlocal_store:\n  dir: /file\n  force_update_atime: true\njanitor: {max_size: 500MB}\n',
    };
    const env = { GOREGO_LISTEN_ADDR: '127.0.0.1:2', GOREGO_LOCAL_STORE_DIR: '/env', HOME: '/x' };
    const { config, origins } = await load({ files, env, args: ['--listen-addr=127.0.0.1:3'] });
    expect(config.listenAddr).toBe('127.0.0.1:3');
    expect(config.localStore).toMatchObject({ dir: '/env', forceUpdateAtime: true });
    expect(config.janitor.maxSize).toBe(500_000_000);
    expect(Object.fromEntries(origins)).toMatchObject({
      listen_addr: '--listen_addr',
      'local_store.dir': 'GOREGO_LOCAL_STORE_DIR',
      'local_store.force_update_atime': `${directory}/gorego.yaml:4`,
      'backing_cache.target': 'default',
    });
  });

  test.each(['gorego.yaml', 'gorego.yml', 'gorego.json', '.config/gorego.yaml'])('finds %s by itself', async (name) => {
    const { config, file } = await load({ files: { [name]: '{"listen_addr": "127.0.0.1:9"}' } });
    expect(config.listenAddr).toBe('127.0.0.1:9');
    expect(file).toBe(join(directory, name));
  });

  test('reads the file it is given, whatever it is called', async () => {
    const { config } = await load({ files: { 'other.conf': 'listen_addr: 127.0.0.1:9' }, file: 'other.conf' });
    expect(config.listenAddr).toBe('127.0.0.1:9');
  });

  test('takes an empty file and an empty section for what they are', async () => {
    expect((await load({ files: { 'gorego.yaml': '' } })).config.listenAddr).toBe('127.0.0.1:8980');
    const { config } = await load({ files: { 'gorego.yaml': '# nothing\njanitor:\nbacking_cache:\n  target:\n' } });
    expect(config.janitor.maxSize).toBe(10 * 2 ** 30);
  });

  test('reports every problem at once, each with its place, its value and what was meant', async () => {
    const files = {
      'gorego.yaml': [
        'listen_adr: 127.0.0.1:1',
        'local_store:',
        '  dir: 7',
        '  force_update_atime: perhaps',
        'janitor:',
        '  max_size: 10 gigs',
        'backing_cache: grpc://x:1',
        'nothing_like_it: {a: 1}',
      ].join('\n'),
    };
    const env = { GOREGO_TELEMETRY_LOG_LEVEL: 'loud', GOREGO_BACKING_CACHE_TARGET: 'http://x' };
    expect(await problems({ files, env, args: ['--server.drain_timeout', '30', '--wat', '--listen_addr'] })).toEqual([
      'gorego.yaml:1: there is no key listen_adr; did you mean listen_addr?',
      'gorego.yaml:3: local_store.dir: 7 is not a directory',
      'gorego.yaml:4: local_store.force_update_atime: "perhaps" is not true or false',
      'gorego.yaml:6: janitor.max_size: "10 gigs" is not a size such as 500MB or 10GiB',
      'gorego.yaml:7: backing_cache is a section: it has keys, each on a line of its own',
      'gorego.yaml:8: there is no key nothing_like_it',
      'GOREGO_BACKING_CACHE_TARGET: backing_cache.target: "http://x" is not grpc://HOST:PORT or grpcs://HOST:PORT',
      'GOREGO_TELEMETRY_LOG_LEVEL: telemetry.log.level: "loud" is not one of trace, debug, info, warn, error',
      '--listen_addr: a value must follow',
      '--server.drain_timeout: "30" is not a duration such as 500ms, 30s, 10m or 1h',
      '--wat: there is no key wat',
    ]);
  });

  test.each([
    ['a: b: c', /^gorego\.yaml:1: not YAML: /],
    ['- a\n- b', /^gorego\.yaml:1: a configuration has keys/],
    ['listen_addr: "x:1\n', /^gorego\.yaml:\d: not YAML: /],
    ['listen_addr: x:1\nlisten_addr: x:2', /^gorego\.yaml:2: not YAML: Map keys must be unique/],
  ])('says where %j is no configuration', async (text, expected) => {
    expect((await problems({ files: { 'gorego.yaml': text } }))[0]).toMatch(expected);
  });

  test('names a file that can’t be read', async () => {
    expect((await problems({ file: 'absent.yaml' }))[0]).toMatch(/^absent\.yaml: .*ENOENT/);
  });

  test('warns of variables that are nearly keys, and of no others', async () => {
    const env = {
      GOREGO_LISTEN_ADR: 'x',
      GOREGO_SERVICE_HOST: '10.0.0.1',
      GOREGO_PORT_8980_TCP_PROTO: 'tcp',
      OTHER: 'x',
    };
    const { warnings } = await load({ env });
    expect(warnings).toEqual([
      { where: 'GOREGO_LISTEN_ADR', message: 'no key has this variable; did you mean GOREGO_LISTEN_ADDR?' },
    ]);
  });
});

describe('values', () => {
  const parse = (name: string, value: unknown): unknown =>
    keys.find((key) => key.name === name)?.field.parse(value)?.value;

  test.each([
    ['0', 0],
    [1024, 1024],
    ['500MB', 5e8],
    ['10GiB', 10 * 2 ** 30],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['10G', undefined],
    ['-1', undefined],
    ['1e9', undefined],
    ['99999999TiB', undefined],
    [true, undefined],
  ])('size %j is %j bytes', (text, bytes) => {
    expect(parse('janitor.max_size', text)).toBe(bytes);
  });

  test.each([
    ['30s', 30_000],
    ['500ms', 500],
    ['1h', 3_600_000],
    ['0', 0],
    ['30', undefined],
    ['soon', undefined],
  ])('duration %j is %j ms', (text, ms) => {
    expect(parse('server.drain_timeout', text)).toBe(ms);
  });
});

describe('instance names', () => {
  test('are names and patterns', async () => {
    const { config } = await load({ files: { 'gorego.yaml': 'instances: {allow: ["", a b, c/*], separate: "*"}\n' } });
    expect(config.instances).toEqual({ allow: ['', 'a b', 'c/*'], separate: ['*'] });
  });

  test.each(['a*', '/a', 'a//b', 'a/*/b', 'a/'])('are not %j', async (text) => {
    const [problem] = await problems({ env: { GOREGO_INSTANCES_ALLOW: text } });
    expect(problem).toMatch(/^GOREGO_INSTANCES_ALLOW: instances.allow: .* is not a list of instance names/);
  });
});

describe('digest functions', () => {
  test.each([
    ['a sequence in a file', { files: { 'gorego.yaml': 'digest_functions: [sha256, blake3]\n' } }],
    ['text in a file', { files: { 'gorego.yaml': 'digest_functions: sha256, blake3\n' } }],
    ['text elsewhere', { env: { GOREGO_DIGEST_FUNCTIONS: 'sha256,blake3' } }],
  ])('are %s', async (_, said) => {
    expect((await load(said)).config.digestFunctions).toEqual(['sha256', 'blake3']);
  });

  test('are any of those that @gorego/digest computes', async () => {
    const all = digestFunctionNames.join(',');
    expect((await load({ env: { GOREGO_DIGEST_FUNCTIONS: all } })).config.digestFunctions).toEqual(digestFunctionNames);
  });

  test.each(['sha256,murmur3', 'SHA256', 'sha256,,sha1'])('are not %j', async (text) => {
    const [problem] = await problems({ env: { GOREGO_DIGEST_FUNCTIONS: text } });
    expect(problem).toMatch(/is not a list of some of sha256, sha1, md5, /);
  });

  test('are unsaid by default', async () => {
    expect((await load({})).config.digestFunctions).toBe(undefined);
  });
});

describe('headers and secrets', () => {
  const expected = new Map([
    ['x-team', 'a'],
    ['x-key', 'b=c'],
  ]);
  test.each([
    ['a map in a file', { files: { 'gorego.yaml': 'backing_cache:\n  headers: {x-team: a, x-key: b=c}\n' } }],
    ['text elsewhere', { env: { GOREGO_BACKING_CACHE_HEADERS: 'x-team=a, x-key=b=c' } }],
  ])('headers are %s', async (_, said) => {
    expect((await load(said)).config.backingCache.headers).toEqual(expected);
  });

  test.each(['nonsense', 'UPPER=x'])('headers are not %j', async (text) => {
    const [problem] = await problems({ env: { GOREGO_BACKING_CACHE_HEADERS: text } });
    expect(problem).toMatch(/is not headers, as a map or as name=value/);
  });

  test('are not printed', async () => {
    const loaded = await load({ args: ['--backing_cache.token=s3cret', '--backing_cache.headers=x-key=s3cret'] });
    expect(loaded.config.backingCache.token).toBe('s3cret');
    expect(printEffective(loaded)).not.toContain('s3cret');
    expect(printEffective(loaded)).toMatch(/token: \(secret\).*headers: x-key=\(secret\)/s);
  });
});

describe('fromFlags', () => {
  test('tells words, options and keys apart', () => {
    const line = fromFlags(['config', '--config', 'a.yaml', '--local_store.force_update_atime', 'x', '--', '--y']);
    expect(line.words).toEqual(['config', 'x', '--y']);
    expect(line.options).toEqual(new Map([['config', 'a.yaml']]));
    expect(line.said.settings.map(({ key, value }) => [key.name, value])).toEqual([
      ['local_store.force_update_atime', true],
    ]);
  });
});

test('the effective configuration prints as a file that says the same', async () => {
  const { config } = await load({
    args: [
      '--janitor.max_size=3MiB',
      '--backing_cache.target=grpc://up:1',
      '--digest_functions=md5,sha1',
      '--instances.allow=*,,a/*,b c',
    ],
  });
  const text = printEffective({ config, origins: new Map() });
  expect((await load({ files: { 'gorego.yaml': text } })).config).toEqual(config);
  expect(printEffective(effective([]))).toMatch(/^janitor:\n {2}max_size: 10GiB +# default$/m);
});

test.each([
  ['listen_adr', 'listen_addr'],
  ['local_stroe.dir', 'local_store.dir'],
  ['zzz', undefined],
])('nearest to %s is %s', (name, expected) => {
  expect(
    nearest(
      name,
      keys.map((key) => key.name),
    ),
  ).toBe(expected);
});
