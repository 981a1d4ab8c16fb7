import { background, Scope } from '@gorego/context';
import type { Headers } from '@gorego/rpc';
import { callerOf } from '@gorego/server';
import { describe, expect, test } from '@jest/globals';
import { upstreamHeaders } from './upstream-headers.ts';

const bazel = {
  tool: 'bazel 8.7.0',
  invocation: 'an invocation',
  correlated: 'a build',
  action: 'an action',
  mnemonic: 'CppCompile',
  target: '//a:b',
  peer: '10.0.0.7:1234',
};

/** Headers as whoever receives them sees them. */
function received(made: Iterable<readonly [string, string | Uint8Array]>): Headers {
  const all = new Map(made);
  const text = (name: string): string | undefined => all.get(name) as string | undefined;
  const binary = (name: string): Uint8Array | undefined => all.get(name) as Uint8Array | undefined;
  return { text, binary };
}

describe('headers of a call to an upstream', () => {
  // obligation: PX-8
  test('say on whose behalf it is made, but not from where', () => {
    using scope = new Scope({ parent: background(), caller: bazel });
    const headersOf = upstreamHeaders({ headers: new Map(), token: () => undefined });
    expect(callerOf(received(headersOf(scope)), 'gorego:1')).toEqual({ ...bazel, peer: 'gorego:1' });
  });

  test('say nothing of nobody', () => {
    const headersOf = upstreamHeaders({ headers: new Map(), token: () => undefined });
    expect(headersOf(background())).toEqual([]);
  });

  // obligation: PX-8
  test('carry the configured ones, and the token of now: never a client’s own', () => {
    let token = 'first';
    const headersOf = upstreamHeaders({ headers: new Map([['x-team', 'ours']]), token: () => token });
    expect(headersOf(background())).toEqual([
      ['x-team', 'ours'],
      ['authorization', 'Bearer first'],
    ]);
    token = 'second';
    expect(received(headersOf(background())).text('authorization')).toBe('Bearer second');
  });
});
