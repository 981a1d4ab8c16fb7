import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MessageReader } from './message-reader.ts';

function framed(message: Uint8Array, flags = 0): Buffer {
  const header = Buffer.of(flags, 0, 0, 0, 0);
  header.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([header, message]);
}

function reading(messageBytesMax = 1000): { reader: MessageReader; read: [Buffer, boolean][] } {
  const read: [Buffer, boolean][] = [];
  return { reader: new MessageReader(messageBytesMax, (...message) => read.push(message)), read };
}

describe('MessageReader', () => {
  test('reads what was framed, however it is cut', () => {
    const messages = fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.boolean()), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }), (messages, cuts) => {
        const { reader, read } = reading();
        const body = Buffer.concat(messages.map(([message, isCompressed]) => framed(message, Number(isCompressed))));
        for (let at = 0, i = 0; at < body.byteLength; i++) {
          const end = at + Math.max(1, cuts[i % cuts.length] ?? 1);
          reader.push(body.subarray(at, end));
          at = end;
        }
        expect(read).toEqual(messages.map(([message, isCompressed]) => [Buffer.from(message), isCompressed]));
        expect(reader.isBetweenMessages).toBe(true);
      }),
    );
  });

  test('knows when a body ends within a message', () => {
    const { reader, read } = reading();
    for (const byte of framed(Buffer.from('ab')).subarray(0, 6)) {
      reader.push(Buffer.of(byte));
      expect(reader.isBetweenMessages).toBe(false);
    }
    reader.push(Buffer.from('b'));
    expect(reader.isBetweenMessages).toBe(true);
    expect(read.map(([bytes]) => bytes.toString())).toEqual(['ab']);
  });

  test('refuses a message that is too long before it has come', () => {
    const { reader } = reading(1000);
    expect(() => reader.push(framed(Buffer.alloc(1001)).subarray(0, 5))).toThrow(
      'a message of 1001 bytes; 1000 is the most',
    );
  });

  test('refuses flags that are none', () => {
    expect(() => reading().reader.push(framed(Buffer.of(), 2))).toThrow('a message’s flags are 2');
  });

  test('lets go of large pieces of which a message is a small part', () => {
    const { reader, read } = reading();
    const piece = Buffer.concat([framed(Buffer.from('small')), framed(Buffer.alloc(900)), Buffer.alloc(1_000_000)]);
    reader.push(piece.subarray(0, 915));
    expect(read.map(([{ byteLength }]) => byteLength)).toEqual([5, 900]);
    for (const [message] of read) expect(message.buffer).not.toBe(piece.buffer);
  });
});
