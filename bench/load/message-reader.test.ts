import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { framed } from '../grpc-client.ts';
import { MessageReader } from './message-reader.ts';

test('messages come out as they went in, however the body is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.nat(200)), (messages, cuts) => {
      const body = Buffer.concat(messages.map(framed));
      const read: Buffer[] = [];
      const reader = new MessageReader((message) => read.push(Buffer.from(message)));
      let at = 0;
      for (const cut of [...cuts, body.length].map((end) => Math.min(end, body.length)).sort((a, b) => a - b)) {
        reader.push(body.subarray(at, cut));
        at = cut;
      }
      expect(read).toEqual(messages.map((message) => Buffer.from(message)));
    }),
  );
});
