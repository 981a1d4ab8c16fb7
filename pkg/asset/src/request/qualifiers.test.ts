import { hash } from 'node:crypto';
import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseIntegrity, showIntegrity } from './integrity.ts';
import { withoutSecrets } from './origin-headers.ts';
import { parseQualifiers, type Qualifiers } from './qualifiers.ts';

const uris = ['https://a.example/x', 'https://b.example/x'];
const sri = (name: string, text = ''): string => `${name}-${hash(name, text, 'buffer').toString('base64')}`;

function parse(qualifiers: Readonly<Record<string, string>>): Qualifiers {
  return parseQualifiers(
    Object.entries(qualifiers).map(([name, value]) => ({ name, value })),
    uris,
  );
}

describe('parseIntegrity', () => {
  // obligation: AS-3
  test('takes several checksums, and passes over functions it does not know', () => {
    const text = ` ${sri('sha256')}\t${sri('sha384')}?opt \n sha3-AAAA ${sri('sha512')} ${sri('sha1')} `;
    expect(parseIntegrity(text)).toEqual(
      ['sha256', 'sha384', 'sha512', 'sha1'].map((name) => ({ function: name, hex: hash(name, '', 'hex') })),
    );
  });

  test.each([
    '',
    ' ',
    'sha256',
    'sha256-',
    'sha256-AAAA',
    'md4-AAAA',
    `${sri('sha256')} nonsense`,
    `${sri('sha512')}AAAA`,
    'sha256-ä',
  ])('does not take %j', (text) => {
    expect(() => parseIntegrity(text)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(/checksum\.sri/) }),
    );
  });

  test('is what it shows', () => {
    const [checksum] = parseIntegrity(sri('sha384', 'abc'));
    expect(checksum && showIntegrity(checksum)).toBe(sri('sha384', 'abc'));
  });
});

describe('parseQualifiers', () => {
  // obligation: AS-1
  test('knows what every Bazel sends', () => {
    const { checksums, unsupported, headers } = parse({
      'checksum.sri': sri('sha256', 'abc'),
      'bazel.canonical_id': 'https://a.example/x https://b.example/x',
      'bazel.auth_headers': JSON.stringify({ [uris[1] as string]: { Authorization: 'Basic b' }, other: { a: 'c' } }),
      'http_header:Accept': 'text/plain',
      'http_header:X-Token': 'general',
      'http_header_url:0:X-Token': 'of the first',
    });
    expect([checksums.length, unsupported]).toEqual([1, []]);
    expect(headers(0)).toEqual({ accept: 'text/plain', 'x-token': 'of the first' });
    expect(headers(1)).toEqual({ accept: 'text/plain', 'x-token': 'general', authorization: 'Basic b' });
  });

  // obligation: AS-1
  test.each([
    ['vcs.branch', 'main'],
    ['vcs.commit', 'abc'],
    ['resource_type', 'application/x-git'],
    ['http_header_url:0', 'a'],
    ['http_header', 'a'],
    ['anything', ''],
  ])('fetches nothing by %s %j', (name, value) => {
    expect(parse({ [name]: value }).unsupported).toEqual([name]);
  });

  // obligation: AS-2
  test('refuses a name that is there twice', () => {
    const twice = { name: 'vcs.branch', value: 'a' };
    expect(() => parseQualifiers([twice, { ...twice, value: 'b' }], uris)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringMatching(/"vcs\.branch" is there twice/),
      }),
    );
  });

  test.each([
    { '': 'a' },
    { 'http_header:Host': 'a' },
    { 'http_header:range': 'bytes=0-1' },
    { 'http_header:Proxy-Authorization': 'a' },
    { 'http_header_url:0:Transfer-Encoding': 'chunked' },
    { 'http_header_url:2:a': 'b' },
    { 'http_header_url:-1:a': 'b' },
    { 'http_header_url:00:a': 'b' },
    { 'http_header:a b': 'c' },
    { 'http_header:': 'c' },
    { 'http_header:a': 'b\r\nc: d' },
    { 'http_header:a': 'ŵ' },
    { 'bazel.auth_headers': '{' },
    { 'bazel.auth_headers': '[]' },
    { 'bazel.auth_headers': JSON.stringify({ [uris[0] as string]: { range: 'bytes=0-1' } }) },
    { 'bazel.auth_headers': JSON.stringify({ [uris[0] as string]: { a: 1 } }) },
    { directory: '../a' },
    { directory: '/a' },
    { directory: 'a//b' },
  ])('refuses %j', (qualifiers) => {
    expect(() => parse(qualifiers)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('never repeats a value that may be a secret', () => {
    try {
      parse({ 'http_header:Authorization': 'Bearer hunter2\n' });
      throw new Error('taken');
    } catch (reason) {
      expect(reason).toBeInstanceOf(Failure);
      expect(String(reason)).not.toContain('hunter2');
    }
    expect(parse({ 'http_header:Authorization': 'Bearer hunter2' }).shown).toEqual([]);
  });

  test('identify content by its checksum, if there is one, and by who asks otherwise', () => {
    const plain = parse({ 'checksum.sri': sri('sha256') }).identity;
    expect(parse({ 'http_header:a': 'b', 'checksum.sri': ` ${sri('sha256')} ` }).identity).toEqual(plain);
    expect(parse({ 'http_header:a': 'b' }).identity).not.toEqual(parse({ 'http_header:a': 'c' }).identity);
    expect(parse({ a: '1', b: '2' }).identity).toEqual(parse({ b: '2', a: '1' }).identity);
    expect(parse({ directory: 'a/' }).identity).toEqual(parse({ directory: 'a' }).identity);
  });

  test('takes anything, or says invalid_argument', () => {
    const name = fc.oneof(
      fc.constantFrom('checksum.sri', 'directory', 'bazel.auth_headers', 'http_header:a', 'http_header_url:0:a'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(fc.string(), fc.json())), (qualifiers) => {
        try {
          parse(qualifiers);
        } catch (reason) {
          expect(reason).toMatchObject({ code: 'invalid_argument' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('secrets do not follow a redirect to another origin', () => {
  expect(withoutSecrets({ accept: 'a', authorization: 'b', cookie: 'c', 'x-api-key': 'd', 'user-agent': 'e' })).toEqual(
    {
      accept: 'a',
      'user-agent': 'e',
    },
  );
});
