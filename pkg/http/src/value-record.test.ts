import { Digest } from '@gorego/digest';
import { ActionResult } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import { type Said, ValueRecord } from './value-record.ts';

const digest = Digest.ofBytes(Buffer.from('bytes'));

describe('ValueRecord', () => {
  test.each<[string, Said]>([
    ['nothing', { digest, about: new Map() }],
    ['a word', { digest, about: new Map([['put-ms', '1700000000000']]) }],
    [
      'several, in any script, and empty ones',
      {
        digest,
        about: new Map([
          ['tag', 'größe ✓'],
          ['none', ''],
        ]),
      },
    ],
  ])('is read as it was written, %s being said about the value', (_, said) => {
    expect(ValueRecord.decode(ValueRecord.encode(said))).toEqual(said);
  });

  test('is an ActionResult whose one file is the value, that says who made it', () => {
    const { outputFiles, executionMetadata } = ActionResult.decode(
      ValueRecord.encode({ digest, about: new Map([['a', 'b']]) }),
    );
    expect(outputFiles).toMatchObject([{ path: 'value', digest: { hash: Digest.hex(digest), sizeBytes: 5 } }]);
    expect(executionMetadata?.worker).toBe('gorego');
  });

  test.each<[string, Uint8Array]>([
    ['that there is nothing', ValueRecord.encode(undefined)],
    ['nothing at all', new Uint8Array()],
    ['what is no message', Buffer.from('0aff', 'hex')],
    ['another file', resultOf('a.o', Digest.hex(digest))],
    ['a hash that is none', resultOf('value', 'xyz')],
    [
      'a file without a digest',
      ActionResult.encode(ActionResult.fromPartial({ outputFiles: [{ path: 'value' }] })).finish(),
    ],
  ])('gives no value if it says %s', (_, record) => {
    expect(ValueRecord.decode(record)).toBeUndefined();
  });
});

function resultOf(path: string, hash: string): Uint8Array {
  const file = { path, digest: { hash, sizeBytes: Digest.sizeBytes(digest) } };
  return ActionResult.encode(ActionResult.fromPartial({ outputFiles: [file] })).finish();
}
