import { expect, test } from '@jest/globals';
import { Rivals } from './rivals.ts';
import type { Plan } from './suite.ts';

test('a server that can’t be started is left out, and a note says why', async () => {
  const told: string[] = [];
  const plan = { newDirectory: () => '/nowhere', cores: {}, progress: (text: string) => told.push(text) };
  await using rivals = new Rivals('calls/Read', plan as unknown as Plan);
  await rivals.start([{ name: 'peer', settings: '', program: undefined }], () => Promise.reject(new Error('filled')));
  await rivals.each('round 1 of 1', () => Promise.reject(new Error('measured')));
  expect(rivals.notes).toEqual(['peer: peer is not here']);
  expect(told).toEqual(['calls/Read, peer, filling it']);
});
