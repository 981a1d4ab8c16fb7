import { Writable } from 'node:stream';
import { type Caller, nobody } from '@gorego/context';
import { type Code, Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import { ManualClock } from '@gorego/platform/testing';
import { describe, expect, test } from '@jest/globals';
import { Builds } from './builds.ts';
import { CallLog } from './calls.ts';
import { humanBytes } from './human.ts';
import type { Fields, Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { pinoLogger } from './pino-logger.ts';

function recording(): Logger & { lines: [string, string, Fields][] } {
  const lines: [string, string, Fields][] = [];
  const at =
    (level: string) =>
    (message: string, fields: Fields = {}): void =>
      void lines.push([level, message, fields]);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const bazel = (invocation: string, peer = 'p1'): Caller => ({ ...nobody, tool: 'bazel 8', invocation, peer });

describe('Builds', () => {
  test('says one line about a build when its last connection closes', () => {
    const clock = new ManualClock();
    const log = recording();
    const builds = new Builds(clock, log);
    const caller = bazel('3f2a91c0-aaaa');
    for (let i = 0; i < 412; i++) builds.hit(caller);
    builds.miss({ ...caller, peer: 'p2' });
    builds.served(caller, 96_000_000);
    builds.stored(caller, 1_234_567);
    builds.left('p1');
    clock.pass(1000);
    expect(log.lines).toEqual([]);
    builds.left('p2');
    clock.pass(1000);
    expect(log.lines).toEqual([
      [
        'info',
        'build 3f2a91c0…: 412 hits, 1 miss, 96 MB served, 1.2 MB stored',
        expect.objectContaining({ invocation: '3f2a91c0-aaaa', tool: 'bazel 8', hits: 412, misses: 1 }),
      ],
    ]);
    expect(clock.pending).toBe(0);
  });

  test('takes a build that stays connected for over when it is quiet, and not before', () => {
    const clock = new ManualClock();
    const log = recording();
    const builds = new Builds(clock, log);
    for (let i = 0; i < 5; i++) {
      builds.hit(bazel('a'));
      clock.pass(9000);
    }
    expect(log.lines).toEqual([]);
    clock.pass(9000);
    expect(log.lines.map(([, message]) => message)).toEqual(['build a…: 5 hits, 0 misses, 0 B served, 0 B stored']);
  });

  test('counts calls without an invocation by their connection, and says nothing about nothing', () => {
    const clock = new ManualClock();
    const log = recording();
    const builds = new Builds(clock, log);
    builds.stored({ ...nobody, peer: '127.0.0.1:5' }, 10);
    builds.served(bazel('empty', '127.0.0.1:5'), 0);
    builds.left('127.0.0.1:5');
    clock.pass(1000);
    expect(log.lines.map(([, message]) => message)).toEqual([
      'client 127.0.0.1:5: 0 hits, 0 misses, 0 B served, 10 B stored',
    ]);
  });

  test('takes what a tool does by one connection after another for one build', () => {
    const clock = new ManualClock();
    const log = recording();
    const builds = new Builds(clock, log);
    for (const port of [1, 2, 3]) {
      const peer = `127.0.0.1:${port}`;
      builds.hit({ ...nobody, tool: 'ccache/4.7.5', peer });
      builds.left(peer);
      clock.pass(100);
    }
    clock.pass(1000);
    expect(log.lines.map(([, message]) => message)).toEqual([
      'client ccache/4.7.5 at 127.0.0.1: 3 hits, 0 misses, 0 B served, 0 B stored',
    ]);
  });

  test('tells of all it knows when it is disposed, and holds no more than its bound', () => {
    const clock = new ManualClock();
    const log = recording();
    {
      using builds = new Builds(clock, log);
      for (let i = 0; i < 1500; i++) builds.hit(bazel(`i${i}`, `p${i}`));
      expect(log.lines).toHaveLength(500);
    }
    expect(log.lines).toHaveLength(1500);
    expect(clock.pending).toBe(0);
  });
});

describe('CallLog', () => {
  const ended = (log: Logger, clock: Clock, code: 'ok' | Code, failure: unknown, ms = 5): void =>
    new CallLog(clock, log).ended({ path: '/a.b.Svc/Get', caller: bazel('i'), ms, code, failure });

  test.each<['ok' | Code, unknown, number, 'info' | 'warn' | 'error' | undefined, RegExp]>([
    ['ok', undefined, 5, undefined, /./],
    ['not_found', new Failure('not_found', 'x'), 5, undefined, /./],
    ['ok', undefined, 11_000, 'info', /^Svc\/Get was slow$/],
    [
      'invalid_argument',
      new Failure('invalid_argument', 'no hash'),
      5,
      'info',
      /^Svc\/Get failed: invalid_argument: no hash$/,
    ],
    ['unavailable', new Failure('unavailable', 'far: gone'), 5, 'warn', /^Svc\/Get failed: unavailable: far: gone$/],
    ['internal', new TypeError('oops'), 5, 'error', /^Svc\/Get failed: a bug: TypeError: oops\n {4}at /],
  ])('tells of a call that ended with %s as it should', (code, failure, ms, level, message) => {
    const log = recording();
    ended(log, new ManualClock(), code, failure, ms);
    expect(log.lines.map(([at]) => at)).toEqual(level === undefined ? [] : [level]);
    for (const [, text, fields] of log.lines) {
      expect(text).toMatch(message);
      expect(fields).toMatchObject({ invocation: 'i', peer: 'p1', code });
    }
  });

  test('sums up a storm', () => {
    const clock = new ManualClock();
    const log = recording();
    const calls = new CallLog(clock, log);
    const storm = (): void =>
      calls.ended({ path: '/a.B/C', caller: nobody, ms: 1, code: 'internal', failure: new Failure('internal', 'x') });
    for (let i = 0; i < 100; i++) storm();
    expect(log.lines).toHaveLength(20);
    clock.pass(1000);
    storm();
    expect(log.lines.map(([, message]) => message)).toContain('80 more calls failed or were slow');
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [96_000_000, '96 MB'],
  [5e17, '500 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

describe('pinoLogger', () => {
  const written = (format: 'json' | 'pretty'): string => {
    let text = '';
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk);
        done();
      },
    });
    const log = pinoLogger({ level: 'info', format }, sink);
    log.debug('hidden');
    log.warn('seen', { code: 'internal' });
    return text;
  };

  test('writes JSON for machines', () => {
    expect(JSON.parse(written('json'))).toMatchObject({ msg: 'seen', code: 'internal', time: expect.any(String) });
  });

  test('writes a line for people', () => {
    expect(written('pretty')).toMatch(/^[^\n]*WARN[^\n]*seen\n$/);
  });
});

test('metrics are what Prometheus reads', async () => {
  const metrics = new Metrics({ isProcess: false });
  metrics.actions.inc({ outcome: 'hit' }, 3);
  metrics.backingCacheUp.set(1);
  const { contentType, body } = await metrics.text();
  expect(contentType).toMatch(/^text\/plain/);
  expect(body).toMatch(/^gorego_actions_total\{outcome="hit"\} 3$/m);
  expect(body).toMatch(/^gorego_backing_cache_up 1$/m);
});
