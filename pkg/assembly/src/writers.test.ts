import { nobody } from '@gorego/context';
import { describe, expect, test } from '@jest/globals';
import { writersOf } from './writers.ts';

const from = (peer: string) => ({ ...nobody, peer });
const unset = { instances: undefined, networks: undefined };

describe('who may write', () => {
  test.each(['10.1.2.3:4567', '::1:4567', ''])('is everybody where nothing is said: %j', (peer) => {
    expect(writersOf(unset)('any/name', from(peer))).toBe(true);
  });

  const networks = ['10.1.0.0/16', '192.168.7.7', 'fd00::/8', '::1'];
  test.each([
    ['10.1.255.255:1', true],
    ['10.2.0.0:1', false],
    ['192.168.7.7:1', true],
    ['192.168.7.70:1', false],
    ['::ffff:10.1.0.1:1', true], // What a socket for both families says of IPv4.
    ['[::ffff:10.1.0.1]:1', true],
    ['::ffff:10.2.0.1:1', false],
    ['fd12::3:4567', true],
    ['[fd12::3]:4567', true],
    ['fd12::3%eth0:4567', true],
    ['fe80::3%eth0:4567', false],
    ['::1:4567', true],
    ['::2:4567', false],
    ['undefined:undefined', false], // Who had left already.
    ['', false],
    ['somebody', false],
  ])('depends on the network: %s, %s', (peer, may) => {
    expect(writersOf({ ...unset, networks })('', from(peer))).toBe(may);
  });

  test.each([['none'], []])('is nobody: %j', (...none) => {
    expect(writersOf({ ...unset, networks: none })('', from('127.0.0.1:1'))).toBe(false);
  });

  test('depends on the instance', () => {
    const may = writersOf({ ...unset, instances: ['ci', 'teams/*'] });
    expect(['ci', 'teams', 'teams/a/b'].every((name) => may(name, nobody))).toBe(true);
    expect(['', 'ci/a', 'team', 'other'].some((name) => may(name, nobody))).toBe(false);
  });

  test('depends on both, where both are said', () => {
    const may = writersOf({ instances: ['ci'], networks: ['10.0.0.0/8'] });
    expect(may('ci', from('10.0.0.1:1'))).toBe(true);
    expect(may('ci', from('11.0.0.1:1'))).toBe(false);
    expect(may('', from('10.0.0.1:1'))).toBe(false);
  });

  test.each(['10.1.0.0/33', '10.1.0.1/16', '300.0.0.1', 'host'])('is not said by %j', (network) => {
    expect(() => writersOf({ ...unset, networks: [network] })).toThrow(`"${network}" is not a network`);
  });
});
