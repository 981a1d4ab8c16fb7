import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isIn, parseAddress, parseNetwork } from './address.ts';
import { Policy } from './policy.ts';
import { isPublic } from './public-address.ts';
import { matches, parseUrlPattern } from './url-pattern.ts';

function isPublicText(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isPublic(address);
}

describe('parseAddress', () => {
  test.each([
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4.',
    '::1%lo',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    '',
    'a',
    '1:2:3:4:5:6:7:8:9',
    '1.2.3.4::',
    '0x7f.1',
    '127.1',
  ])('does not take %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('takes what Node takes for an address, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), (text) => {
        expect(parseAddress(text) !== undefined).toBe((isIPv4(text) || isIPv6(text)) && !text.includes('%'));
      }),
      { numRuns: 3000 },
    );
  });

  test('reads an IPv4 address as the IPv6 address that stands for it', () => {
    fc.assert(fc.property(fc.ipV4(), (four) => expect(parseAddress(`::ffff:${four}`)).toEqual(parseAddress(four))));
  });

  test('reads an address however it is shortened', () => {
    fc.assert(
      fc.property(fc.ipV6(), (six) => {
        const canonical = new URL(`http://[${six}]/`).hostname.slice(1, -1);
        expect(parseAddress(canonical)).toEqual(parseAddress(six));
      }),
    );
  });
});

describe('isPublic', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '140.82.121.4',
    '172.15.255.255',
    '172.32.0.0',
    '100.128.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '64:ff9b::8.8.8.8',
    '::ffff:8.8.8.8',
  ])('is true of %s', (text) => {
    expect(isPublicText(text)).toBe(true);
  });

  test.each([
    [
      'this machine',
      '127.0.0.1',
      '127.255.255.254',
      '::1',
      '0.0.0.0',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::127.0.0.1',
    ],
    ['private networks', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fc00::1', 'fec0::1'],
    ['links', '169.254.0.1', 'fe80::1'],
    [
      'metadata of clouds',
      '169.254.169.254',
      'fd00:ec2::254',
      '168.63.129.16',
      '100.100.100.200',
      '192.0.0.192',
      '::ffff:169.254.169.254',
    ],
    ['many at once', '224.0.0.1', '239.1.1.1', 'ff02::1', '255.255.255.255'],
    [
      'nobody',
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '198.18.0.1',
      '240.0.0.1',
      '2001:db8::1',
      '3fff::1',
      '100::1',
    ],
    ['hidden addresses', '64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '2002:7f00:1::', '2001:0:1::'],
    ['carriers', '100.64.0.1', '100.127.255.255'],
  ])('is false of %s', (_, ...addresses) => {
    for (const text of addresses) expect([text, isPublicText(text)]).toEqual([text, false]);
  });

  test('judges an IPv4 address alike however it is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), (four) => {
        expect(isPublicText(`::ffff:${four}`)).toBe(isPublicText(four));
        expect(isPublicText(`64:ff9b::${four}`)).toBe(isPublicText(four));
      }),
    );
  });
});

describe('parseNetwork', () => {
  test.each(['10.0.0.0/33', '10.0.0.1/8', 'fd00::/129', 'fd00::1/8', '10.0.0.0/', 'a/8', '', '10.0.0.0/8/8'])(
    'does not take %j',
    (text) => {
      expect(parseNetwork(text)).toBeUndefined();
    },
  );

  test('holds exactly the addresses that begin as it does', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), (base, bits, other) => {
        const number = (text: string): number => text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
        const block = 2 ** (32 - bits);
        const start = Math.floor(number(base) / block) * block;
        const text = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.');
        const network = parseNetwork(`${text}/${bits}`);
        const address = parseAddress(other);
        if (network === undefined || address === undefined) throw new Error('not parsed');
        expect(isIn(address, network)).toBe(Math.floor(number(other) / block) === Math.floor(start / block));
      }),
    );
  });
});

describe('a pattern of URLs', () => {
  test.each([
    '',
    'example.com',
    'ftp://a/',
    'https://',
    'https:///a',
    'https://a*b/',
    'https://*.*/',
    'https://u@a/',
    'https://a/?q',
    'https://a/*',
    'file://host/a',
    'file://*/a',
    'https://a:99999/',
    'https://a b/',
  ])('is not %j', (text) => {
    expect(parseUrlPattern(text)).toBeUndefined();
  });

  test.each([
    ['https://example.com', 'https://example.com/a/b?c', true],
    ['https://example.com', 'https://example.com./a', true],
    ['https://EXAMPLE.com/', 'https://example.com/a', true],
    ['https://example.com:443', 'https://example.com/', true],
    ['https://example.com', 'https://example.com:8443/', false],
    ['https://example.com:*', 'https://example.com:8443/', true],
    ['https://example.com:8443', 'https://example.com:8443/', true],
    ['https://example.com', 'http://example.com/', false],
    ['https://example.com', 'https://example.com.evil.org/', false],
    ['https://example.com', 'https://user@evil.org/example.com', false],
    ['https://*.example.com', 'https://a.b.example.com/', true],
    ['https://*.example.com', 'https://example.com/', false],
    ['https://*.example.com', 'https://evilexample.com/', false],
    ['https://*', 'https://anything.org/a', true],
    ['http://*:*', 'http://[::1]:8080/', true],
    ['https://example.com/a', 'https://example.com/a', true],
    ['https://example.com/a', 'https://example.com/a/b', true],
    ['https://example.com/a/', 'https://example.com/a/b', true],
    ['https://example.com/a', 'https://example.com/ab', false],
    ['https://example.com/a', 'https://example.com/a/../b', false],
    ['https://example.com/a', 'https://example.com/a/%2e%2e/b', false],
    ['https://example.com/a', 'https://example.com/a/..%2fb', false],
    ['http://127.0.0.1:80', 'http://2130706433/', true], // It is the same host; the address is judged apart.
    ['file:///srv/mirror', 'file:///srv/mirror/a.tar', true],
    ['file:///srv/mirror', 'file:///srv/mirror/../secret', false],
    ['file:///srv/mirror', 'file:///etc/passwd', false],
    ['file:///', 'https://example.com/', false],
    ['http://[::1]:80/', 'http://[0:0::1]/', true],
  ])('%s, asked for %s: %s', (text, url, expected) => {
    const pattern = parseUrlPattern(text);
    if (pattern === undefined) throw new Error('no pattern');
    expect(matches(pattern, new URL(url))).toBe(expected);
  });

  test('for one host never lets another host through', () => {
    const pattern = parseUrlPattern('https://example.com/a');
    if (pattern === undefined) throw new Error('no pattern');
    const pieces = fc.constantFrom(
      'example.com',
      '@',
      ':',
      '/',
      'a',
      '..',
      '%2e',
      '\\',
      '?',
      '#',
      'evil.org',
      '.',
      '//',
      '443',
    );
    const start = fc.constantFrom('', 'example.com', 'example.com/a');
    let letThrough = 0;
    fc.assert(
      fc.property(start, fc.array(pieces, { maxLength: 8 }), (start, parts) => {
        const text = `https://${start}${parts.join('')}`;
        if (!URL.canParse(text)) return;
        const url = new URL(text);
        if (!matches(pattern, url)) return;
        letThrough++;
        expect(url.hostname).toMatch(/^example\.com\.?$/);
        expect(url.pathname).toMatch(/^\/a(\/|$)/);
      }),
      { numRuns: 3000 },
    );
    expect(letThrough).toBeGreaterThan(100);
  });
});

describe('Policy', () => {
  const policy = new Policy({ allow: ['https://example.com/'], allowNetworks: ['10.1.0.0/16'] });

  test('allows nothing unless it is told to, and names the key', () => {
    const none = new Policy({ allow: [], allowNetworks: [] });
    expect(() => none.checkUrl(new URL('https://example.com/a?token=b'))).toThrow(
      expect.objectContaining({
        code: 'permission_denied',
        message: expect.stringMatching(/^https:\/\/example\.com is .* remote_asset\.allow/),
      }),
    );
  });

  test('refuses a host that has one forbidden address among others', () => {
    policy.checkUrl(new URL('https://example.com/a'));
    policy.checkAddresses('example.com', ['8.8.8.8', '10.1.2.3', '::ffff:10.1.2.3']);
    for (const bad of ['10.2.0.1', '127.0.0.1', 'fe80::1%eth0', 'nonsense']) {
      expect(() => policy.checkAddresses('example.com', ['8.8.8.8', bad])).toThrow(
        expect.objectContaining({ code: 'permission_denied' }),
      );
    }
  });

  test.each([
    [{ allow: ['example.com'], allowNetworks: [] }, /remote_asset\.allow: "example\.com"/],
    [{ allow: [], allowNetworks: ['10.0.0.0/99'] }, /remote_asset\.allow_networks: "10\.0\.0\.0\/99"/],
  ])('is not made of %j', (init, message) => {
    expect(() => new Policy(init)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
  });
});
