import { type DigestFunctionName, digestFunctionNames } from '@gorego/digest';
import { silent } from '@gorego/telemetry';
import { describe, expect, test } from '@jest/globals';
import { offeredFunctions } from './offered-functions.ts';

const withoutBlake3 = (name: DigestFunctionName): string | undefined =>
  name === 'blake3' ? 'no such machine code' : undefined;

describe('offeredFunctions', () => {
  test('are all, when nobody says', () => {
    expect(offeredFunctions(undefined, silent)).toEqual(digestFunctionNames);
  });

  test('are what is asked for, SHA-256 before the others', () => {
    expect(offeredFunctions(['blake3', 'sha256'], silent)).toEqual(['sha256', 'blake3']);
  });

  test('leave out, with a warning, what this machine can’t compute', () => {
    const warnings: string[] = [];
    const log = { ...silent, warn: (message: string) => void warnings.push(message) };
    expect(offeredFunctions(undefined, log, withoutBlake3)).toEqual(
      digestFunctionNames.filter((name) => name !== 'blake3'),
    );
    expect(warnings).toEqual([
      "the digest function blake3 can't be computed on this machine: no such machine code; it is not offered",
    ]);
  });

  test('fail, if that was asked for', () => {
    expect(() => offeredFunctions(['sha256', 'blake3'], silent, withoutBlake3)).toThrow(
      expect.objectContaining({
        code: 'failed_precondition',
        message: expect.stringContaining('no such machine code'),
      }),
    );
  });
});
