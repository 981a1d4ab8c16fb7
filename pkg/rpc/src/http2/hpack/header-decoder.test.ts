import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HeaderBlockError, HeaderDecoder } from './header-decoder.ts';

const listBytesMax = 1000;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const lines = (decoder: HeaderDecoder, block: string): string[] | undefined =>
  decoder.decode(hex(block))?.map(({ name, value }) => `${name}: ${value}`);

describe('HeaderDecoder', () => {
  test.each([
    ['nothing', '', []],
    ['a field of the static table', '82', [':method: GET']],
    ['the last one of it', 'bd', ['www-authenticate: ']],
    ['a literal with a new name', '00 0161 0162', ['a: b']],
    ['a literal that is not to be indexed anywhere', '10 0161 0162', ['a: b']],
    ['a literal with a known name', '04 012f', [':path: /']],
    ['a literal whose name has an index of two bytes', '0f0d 00', ['content-length: ']],
    ['a literal in Huffman code', '00 811f 8107', ['a: 0']],
    ['a smaller table, then none, then a field', '3fe10f 20 82', [':method: GET']],
  ])('decodes %s', (_, block, expected) => {
    expect(lines(new HeaderDecoder(listBytesMax), block)).toEqual(expected);
  });

  test('decodes the requests of RFC 7541, appendix C.4, one after the other', () => {
    const decoder = new HeaderDecoder(listBytesMax);
    const common = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
    expect(lines(decoder, '828684418cf1e3c2e5f23a6ba0ab90f4ff')).toEqual(common);
    expect(lines(decoder, '828684be5886a8eb10649cbf')).toEqual([...common, 'cache-control: no-cache']);
    expect(lines(decoder, '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf')).toEqual([
      ':method: GET',
      ':scheme: https',
      ':path: /index.html',
      ':authority: www.example.com',
      'custom-key: custom-value',
    ]);
  });

  test('forgets the oldest fields when the table is full, and all when it is made smaller', () => {
    const decoder = new HeaderDecoder(10_000);
    // Each takes 1 + 1400 + 32 bytes of 4096: two have room.
    for (const letter of ['x', 'y', 'z']) decoder.decode(hex(literal('a', letter.repeat(1400))));
    expect(lines(decoder, 'be bf')).toEqual([`a: ${'z'.repeat(1400)}`, `a: ${'y'.repeat(1400)}`]);
    expect(() => decoder.decode(hex('c0'))).toThrow(HeaderBlockError);
    decoder.decode(hex('20'));
    expect(() => decoder.decode(hex('be'))).toThrow('there is no field 62');
  });

  test('is emptied by a field larger than the table', () => {
    const decoder = new HeaderDecoder(10_000);
    decoder.decode(hex(literal('a', 'b')));
    decoder.decode(hex(literal('a', 'x'.repeat(4096))));
    expect(() => decoder.decode(hex('be'))).toThrow('there is no field 62');
  });

  test('says that fields are too many, and still knows them for the blocks to come', () => {
    const decoder = new HeaderDecoder(100);
    expect(lines(decoder, literal('a', 'x'.repeat(68)))).toBeUndefined();
    expect(lines(decoder, literal('a', 'x'.repeat(67)))).toHaveLength(1);
    expect(lines(decoder, 'be')).toEqual([`a: ${'x'.repeat(67)}`]);
    expect(decoder.decode(Buffer.alloc(1000, 0xbe))).toBeUndefined();
  });

  test.each([
    ['index 0', '80'],
    ['an index beyond the tables', 'be'],
    ['a name beyond the tables', '7e 0161'],
    ['a string that ends early', '00 0561'],
    ['a field that ends early', '00 0161'],
    ['an integer that ends early', 'ff'],
    ['an integer without end', 'ffffffffffffffffff'],
    ['a table beyond what is offered', '3fe21f'],
    ['a table resized within a block', '82 20'],
    ['padding that isn’t ones', '00 0161 8118'],
    ['padding of a whole byte', '00 0161 8207ff'],
    ['the end of a string within one', '00 0161 84ffffffff'],
  ])('refuses %s', (_, block) => {
    expect(() => new HeaderDecoder(listBytesMax).decode(hex(block))).toThrow(HeaderBlockError);
  });

  test('throws nothing else, whatever it is given', () => {
    const blocks = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(blocks, (blocks) => {
        const decoder = new HeaderDecoder(listBytesMax);
        try {
          for (const block of blocks) decoder.decode(block);
        } catch (reason) {
          expect(reason).toBeInstanceOf(HeaderBlockError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  // nghttp2 chooses by itself what it indexes, and what it sends in Huffman code.
  test('understands what another encoder makes of fields of every kind', async () => {
    const { sent, blocks } = await sentByNghttp2();
    const decoder = new HeaderDecoder(1_000_000);
    const decoded = blocks.map((block) => decoder.decode(block)?.filter(({ name }) => !name.startsWith(':')));
    expect(decoded).toEqual(sent.map((fields) => fields.map((field) => ({ ...field, isWellFormed: true }))));
    expect(sent.flat().length).toBeGreaterThan(500);
  });
});

/** A literal that is added to the table. */
function literal(name: string, value: string): string {
  return `40${[name, value].map((text) => lengthOf(text) + Buffer.from(text).toString('hex')).join('')}`;
}

function lengthOf(text: string): string {
  if (text.length < 127) return Buffer.of(text.length).toString('hex');
  const rest = text.length - 127;
  return Buffer.of(127, (rest & 0x7f) | 0x80, rest >> 7).toString('hex');
}

/** Header blocks as Node's HTTP/2 client sends them, and the fields they hold. */
async function sentByNghttp2(): Promise<{ sent: { name: string; value: string }[][]; blocks: Buffer[] }> {
  const received: Buffer[] = [];
  const server = createServer((socket: Socket) => {
    socket.on('data', (bytes) => received.push(bytes)).on('error', () => {});
    socket.write(Buffer.from('000000040000000000', 'hex')); // SETTINGS: nothing to say.
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => {});
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
    .join('')
    .trim();
  const high = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('');
  const sent = Array.from({ length: 100 }, (_, i) => [
    { name: 'always', value: 'the same' },
    { name: `once-${i}`, value: `v${i}`.repeat((i * 37) % 150) },
    { name: 'printable', value: printable.slice(i % 90) },
    { name: 'high', value: high.slice((i * 7) % 120) },
    { name: `kept-${i % 7}`, value: `${i % 5}` },
    { name: 'token', value: Buffer.alloc(i, i * 31).toString('base64') },
  ]);
  const isWhole = (): boolean => headerBlocks(Buffer.concat(received)).length === sent.length;
  for (const fields of sent) {
    const headers = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
    client.request({ ':path': '/', ...headers }, { endStream: true }).on('error', () => {});
  }
  while (!isWhole()) await new Promise((resolve) => setTimeout(resolve, 5));
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return { sent, blocks: headerBlocks(Buffer.concat(received)) };
}

const prefaceBytes = 24;

function headerBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let at = prefaceBytes;
  while (at + 9 <= bytes.byteLength) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.byteLength) break;
    const isHeaders = bytes[at + 3] === 1;
    const priorityBytes = ((bytes[at + 4] ?? 0) & 0x20) === 0 ? 0 : 5;
    if (isHeaders) blocks.push(bytes.subarray(at + 9 + priorityBytes, end));
    at = end;
  }
  return blocks;
}
