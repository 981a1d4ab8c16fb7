import { expect, test } from '@jest/globals';
import { type Incomplete, IncompleteMessages } from './incomplete-messages.ts';

function calls(messages: IncompleteMessages, count: number): { call: Incomplete; here: number; may: boolean }[] {
  return Array.from({ length: count }, () => {
    const one = {
      here: 0,
      may: true,
      call: {
        onRoom: () => {
          one.may = messages.hold(one.call, one.here);
        },
      },
    };
    return one;
  });
}

test('all messages that begin get to their end, one after the other if there is no room for all', () => {
  const messages = new IncompleteMessages(1000);
  const wholeBytes = 800;
  const all = calls(messages, 10);
  let most = 0;
  let done = 0;
  while (done < all.length) {
    const moving = all.filter(({ may, here }) => may && here < wholeBytes);
    expect(moving.length).toBeGreaterThan(0);
    for (const one of moving) {
      if (!one.may) continue;
      one.here += 100;
      if (one.here < wholeBytes) one.may = messages.hold(one.call, one.here);
      else {
        done++;
        messages.release(one.call);
      }
    }
    most = Math.max(
      most,
      all.reduce((sum, { here }) => sum + (here < wholeBytes ? here : 0), 0),
    );
  }
  // Beyond the limit each may bring what it had been allowed before it was reached, and the oldest all of its own.
  expect(most).toBeLessThanOrEqual(1000 + 10 * 100 + wholeBytes);
});

test('a call that ends makes room, also for those that wait', () => {
  const messages = new IncompleteMessages(100);
  const [a, b] = calls(messages, 2) as [ReturnType<typeof calls>[0], ReturnType<typeof calls>[0]];
  expect(messages.hold(a.call, 90)).toBe(true);
  b.here = 20;
  b.may = messages.hold(b.call, b.here);
  expect(b.may).toBe(false);
  messages.release(a.call);
  expect(b.may).toBe(true);
  messages.release(a.call); // Once more does no harm.
  messages.release(b.call);
  expect(messages.hold(a.call, 100)).toBe(true);
});
