import { expect, test } from '@jest/globals';
import { settingsIn } from './settings.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test.each([
  ['', {}],
  ['0004 00001000', { initialWindow: 4096 }],
  ['0004 7fffffff', { initialWindow: 2 ** 31 - 1 }],
  ['0004 00000001 0004 00000002', { initialWindow: 2 }],
  ['0005 00004000 0004 00000000', { frameBytesMax: 16_384, initialWindow: 0 }],
  ['0001 00000000 0002 00000000 0003 00000001 0006 00000001 00ff 00000001', {}],
])('%s says %j', (payload, settings) => {
  expect(settingsIn(hex(payload))).toEqual(settings);
});

test.each([
  ['0004 000010', 6, 'SETTINGS of 5 bytes'],
  ['0002 00000002', 1, 'SETTINGS_ENABLE_PUSH 2'],
  ['0004 80000000', 3, 'SETTINGS_INITIAL_WINDOW_SIZE 2147483648'],
  ['0005 00003fff', 1, 'SETTINGS_MAX_FRAME_SIZE 16383'],
  ['0005 01000000', 1, 'SETTINGS_MAX_FRAME_SIZE 16777216'],
])('%s is an error of the connection', (payload, code, message) => {
  expect(() => settingsIn(hex(payload))).toThrow(expect.objectContaining({ code, message }));
});
