import { describe, expect, test } from '@jest/globals';
import { parseAddress } from './port.ts';

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
