import { describe, expect, test } from '@jest/globals';
import { codeNames, codeNumber } from './code.ts';
import { Failure, isTransient } from './failure.ts';

describe('Failure', () => {
  test('keeps its code and its cause while each hop adds who was speaking', () => {
    const origin = new Failure('unavailable', 'connection reset');
    const told = origin.within('far').within('cas');
    expect(told).toMatchObject({ code: 'unavailable', message: 'cas: far: connection reset' });
    expect((told.cause as Failure).cause).toBe(origin);
  });

  test('keeps what it has for programs', () => {
    const details = [{ typeUrl: 'type.googleapis.com/a.B', value: Buffer.of(1) }];
    expect(new Failure('aborted', 'x', { details }).within('far').details).toEqual(details);
    expect(new Failure('aborted', 'x').details).toEqual([]);
  });

  test.each([
    [new Failure('data_loss', 'x'), 'data_loss'],
    [Object.assign(new Error('no space left'), { code: 'ENOSPC' }), 'resource_exhausted'],
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'unavailable'],
    [Object.assign(new Error('gone'), { code: 'ENOENT' }), 'not_found'],
    [new DOMException('aborted', 'AbortError'), 'cancelled'],
    [new DOMException('late', 'TimeoutError'), 'deadline_exceeded'],
    [new TypeError('surprise'), 'unknown'],
    ['a string', 'unknown'],
  ])('names %s as %s', (thrown, code) => {
    expect(Failure.from(thrown).code).toBe(code);
  });

  test('knows which failures a repeat may mend', () => {
    expect(isTransient(new Failure('unavailable', ''))).toBe(true);
    expect(isTransient(new Failure('invalid_argument', ''))).toBe(false);
  });
});

test('codes have the numbers of google.rpc.Code', () => {
  expect(codeNames).toHaveLength(17);
  expect([codeNumber('cancelled'), codeNumber('not_found'), codeNumber('unauthenticated')]).toEqual([1, 5, 16]);
});
