import { Failure } from '@gorego/errors';
import { WriteRequest as Message } from '@gorego/proto/google/bytestream/bytestream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseWriteRequest, type WriteRequest, WriteRequests } from './write-requests.ts';

const encode = (request: Partial<WriteRequest>): Uint8Array => Message.encode(Message.fromPartial(request)).finish();

async function* sent(...requests: readonly Partial<WriteRequest>[]): AsyncGenerator<Uint8Array> {
  for (const request of requests) yield encode(request);
}

/** All the data of a Write of a blob of `sizeBytes`. */
async function dataOf(sizeBytes: number, ...requests: readonly Partial<WriteRequest>[]): Promise<string> {
  const begun = await WriteRequests.begin(sent(...requests));
  return Buffer.concat(await Array.fromAsync(begun.data(sizeBytes))).toString();
}

const resourceName = 'a name';
const data = Buffer.from('hello');

describe('WriteRequests', () => {
  // obligation: BSW-1, BSW-2, BSW-9
  test.each<[string, Partial<WriteRequest>[]]>([
    ['one request', [{ resourceName, data, finishWrite: true }]],
    [
      'a finish of its own',
      [
        { resourceName, data },
        { writeOffset: 5, finishWrite: true },
      ],
    ],
    [
      'the name in each',
      [
        { resourceName, data },
        { resourceName, writeOffset: 5, finishWrite: true },
      ],
    ],
    ['empty ones between', [{ resourceName }, {}, { data }, { writeOffset: 5 }, { writeOffset: 5, finishWrite: true }]],
    [
      'bytes one by one',
      [...data].map((byte, i) => ({ resourceName, data: Buffer.of(byte), writeOffset: i, finishWrite: i === 4 })),
    ],
  ])('gives the data of %s', async (_, requests) => {
    expect(await dataOf(5, ...requests)).toBe('hello');
  });

  // obligation: BSW-2, BSW-3, BSW-7, BSW-8
  test.each<[string, Partial<WriteRequest>[]]>([
    ['finish_write at byte 0 of a blob of 5 bytes', [{ resourceName, finishWrite: true }]],
    ['data up to byte 6 of a blob of 5 bytes', [{ resourceName, data: Buffer.from('hello!') }]],
    [
      'data up to byte 10 of a blob of 5 bytes',
      [
        { resourceName, data },
        { data, writeOffset: 5 },
      ],
    ],
    ['write_offset 4 where 5 comes next', [{ resourceName, data }, { writeOffset: 4 }]],
    ['write_offset -1 where 0 comes next', [{ resourceName }, { writeOffset: -1 }]],
    ['the resource name changed from "a name" to "another"', [{ resourceName }, { resourceName: 'another' }]],
    ['the requests ended at byte 5 without finish_write', [{ resourceName, data }]],
  ])('refuses: %s', async (why, requests) => {
    await expect(dataOf(5, ...requests)).rejects.toMatchObject({ code: 'invalid_argument', message: why });
  });

  // obligation: BSW-8
  test('wants at least one request', async () => {
    await expect(WriteRequests.begin(sent())).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('waits for no half-close', async () => {
    async function* unended(): AsyncGenerator<Uint8Array> {
      yield encode({ resourceName, data, finishWrite: true });
      await new Promise(() => {});
    }
    const begun = await WriteRequests.begin(unended());
    expect(await Array.fromAsync(begun.data(5))).toHaveLength(1);
    await begun.checkNothingFollows();
  });

  // obligation: BSW-5
  test('notices what follows finish_write', async () => {
    const begun = await WriteRequests.begin(sent({ resourceName, data, finishWrite: true }, { writeOffset: 5 }));
    await Array.fromAsync(begun.data(5));
    await expect(begun.checkNothingFollows()).rejects.toMatchObject({ message: 'a request after finish_write' });
  });

  // obligation: BSW-5
  test('is content when the client half-closes, or leaves', async () => {
    async function* leaving(): AsyncGenerator<Uint8Array> {
      yield encode({ resourceName, data, finishWrite: true });
      throw new Failure('cancelled', 'the client left');
    }
    for (const requests of [sent({ resourceName, data, finishWrite: true }), leaving()]) {
      const begun = await WriteRequests.begin(requests);
      await Array.fromAsync(begun.data(5));
      await begun.checkNothingFollows();
    }
  });

  // obligation: GEN-16
  test('give back what was sent, however it is cut, or say invalid_argument', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: -3, max: 3 }), async (pieces, off) => {
        const whole = Buffer.concat(pieces);
        let writeOffset = 0;
        const requests = pieces.map((data, i) => {
          const request = { resourceName, writeOffset, data, finishWrite: i === pieces.length - 1 };
          writeOffset += data.byteLength;
          return request;
        });
        const got = dataOf(Math.max(0, whole.byteLength + off), ...requests);
        if (off === 0 || (off < 0 && whole.byteLength === 0)) expect(await got).toBe(whole.toString());
        else await expect(got).rejects.toMatchObject({ code: 'invalid_argument' });
      }),
    );
  });
});

// obligation: GEN-16
describe('parseWriteRequest', () => {
  test('reads what the codec writes', () => {
    const requests = fc.record({
      resourceName: fc.string({ unit: 'grapheme' }),
      writeOffset: fc.maxSafeInteger(),
      finishWrite: fc.boolean(),
      data: fc.uint8Array(),
    });
    fc.assert(
      fc.property(requests, (request) => {
        const parsed = parseWriteRequest(encode(request));
        expect({ ...parsed, data: Uint8Array.from(parsed.data) }).toEqual(request);
      }),
    );
  });

  test('takes any bytes for a request, or says invalid_argument', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(Number.isSafeInteger(parseWriteRequest(bytes).writeOffset)).toBe(true);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Failure);
          expect(reason).toMatchObject({ code: 'invalid_argument' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
