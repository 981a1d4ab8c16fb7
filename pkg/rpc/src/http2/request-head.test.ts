import { describe, expect, test } from '@jest/globals';
import type { HeaderField } from './hpack/header-decoder.ts';
import { isWellFormed } from './hpack/well-formed.ts';
import { areTrailers, requestHeadOf } from './request-head.ts';

function fieldsOf(lines: readonly string[]): HeaderField[] {
  return lines.map((line) => {
    const [, name = '', value = ''] = /^(:?[^:]*): ?(.*)$/.exec(line) ?? [];
    return { name, value, isWellFormed: isWellFormed(name, value) };
  });
}

const head = [':method: POST', ':scheme: http', ':path: /s.S/M', ':authority: here'];

describe('requestHeadOf', () => {
  test('tells what is asked for', () => {
    const fields = fieldsOf([...head, 'te: trailers', 'content-length: 7']);
    expect(requestHeadOf(fields)).toEqual({ method: 'POST', path: '/s.S/M', contentBytes: 7, fields });
    expect(requestHeadOf(fieldsOf(head))?.contentBytes).toBeUndefined();
  });

  test.each([
    ['without a method', head.slice(1)],
    ['without a scheme', head.filter((line) => !line.startsWith(':scheme'))],
    ['without a path', head.filter((line) => !line.startsWith(':path'))],
    ['with an empty path', [':method: GET', ':scheme: http', ':path: ']],
    ['with two paths', [...head, ':path: /']],
    ['with a pseudo-header field of answers', [...head, ':status: 200']],
    ['with one behind an ordinary field', ['a: b', ...head]],
    ['with a field that is malformed', [...head, 'Upper: x']],
    ['with a field of HTTP/1.1', [...head, 'connection: close']],
    ['with a length that is no number', [...head, 'content-length: -1']],
    ['with two lengths', [...head, 'content-length: 1', 'content-length: 2']],
  ])('knows none %s', (_, lines) => {
    expect(requestHeadOf(fieldsOf(lines))).toBeUndefined();
  });
});

test.each([
  [[], true],
  [['a: b'], true],
  [[':path: /'], false],
  [['A: b'], false],
])('whether %j may end a request: %j', (lines: string[], expected) => {
  expect(areTrailers(fieldsOf(lines))).toBe(expected);
});
