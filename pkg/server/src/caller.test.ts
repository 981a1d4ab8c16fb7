import { nobody } from '@gorego/context';
import { RequestMetadata } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { callerOf } from './caller.ts';

const peer = '10.0.0.7:4242';
const headersOf = (metadata: Uint8Array | undefined) => ({
  text: () => undefined,
  binary: (name: string) => (name.endsWith('.requestmetadata-bin') ? metadata : undefined),
});

// obligation: GEN-8
describe('callerOf', () => {
  test('says who calls, and why', () => {
    const metadata = RequestMetadata.encode(
      RequestMetadata.fromPartial({
        toolDetails: { toolName: 'bazel', toolVersion: '8.7.0' },
        toolInvocationId: 'an invocation',
        correlatedInvocationsId: 'a build',
        actionId: 'an action',
        actionMnemonic: 'CppCompile',
        targetId: '//a:b',
      }),
    ).finish();
    expect(callerOf(headersOf(metadata), peer)).toEqual({
      tool: 'bazel 8.7.0',
      invocation: 'an invocation',
      correlated: 'a build',
      action: 'an action',
      mnemonic: 'CppCompile',
      target: '//a:b',
      peer,
    });
  });

  test.each([
    ['without the header', undefined],
    ['with an empty one', new Uint8Array()],
    ['with one that is no message', Buffer.from('0aff', 'hex')],
  ])('knows only the peer %s', (_, metadata) => {
    expect(callerOf(headersOf(metadata), peer)).toEqual({ ...nobody, peer });
  });

  test('keeps little of long texts', () => {
    const metadata = RequestMetadata.encode(RequestMetadata.fromPartial({ targetId: 'x'.repeat(10_000) })).finish();
    expect(callerOf(headersOf(metadata), peer).target).toHaveLength(500);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const caller = callerOf(headersOf(bytes), peer);
        expect(Object.values(caller).every((text) => typeof text === 'string' && text.length <= 500)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
