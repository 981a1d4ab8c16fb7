import { Digest } from '@gorego/digest';
import { SeededRandom, SimulatedClock } from '@gorego/simulation';
import { Mark } from '@gorego/storage';
import { checklistOf } from '@gorego/storage/testing';
import { describe, expect, test } from '@jest/globals';
import { Leases } from './leases.ts';

const digestOf = (n: number): Digest => Digest.of('sha256', n.toString(16).padStart(8, '0').padEnd(64, '0'), 5);

function leasesOf(leaseMs: number): { leases: Leases; waitMs: (ms: number) => Promise<void> } {
  const random = new SeededRandom(1);
  const clock = new SimulatedClock(random);
  const waitMs = (ms: number): Promise<void> =>
    clock.run(new Promise((resolve) => void clock.after(ms, () => resolve())));
  return { leases: new Leases({ clock, random }, leaseMs), waitMs };
}

describe('Leases', () => {
  test('hold until they run out, and are fresh for a tenth of that', async () => {
    const { leases, waitMs } = leasesOf(1000);
    const [digest, other] = [digestOf(1), Digest.of('sha256', Digest.hex(digestOf(1)), 6)];
    leases.confirm(digest);
    expect([leases.holds(digest), leases.isFresh(digest), leases.holds(other)]).toEqual([true, true, false]);
    await waitMs(100);
    expect([leases.holds(digest), leases.isFresh(digest)]).toEqual([true, false]);
    await waitMs(900);
    expect(leases.holds(digest)).toBe(false);
    leases.confirm(digest);
    expect(leases.holds(digest)).toBe(true);
    leases.forget(digest);
    expect(leases.holds(digest)).toBe(false);
  });

  test('check the marks of a list: only what is under one stays, and what is not fresh is noted once', async () => {
    const { leases, waitMs } = leasesOf(1000);
    leases.confirm(digestOf(0));
    await waitMs(500);
    leases.confirm(digestOf(1));
    await waitMs(300);
    for (const n of [2, 3]) leases.confirm(digestOf(n));
    const list = checklistOf([0, 1, 2, 3, 4].map(digestOf));
    for (const i of [0, 1, 2, 4]) list.mark(i, Mark.here);
    list.mark(3, Mark.absent);
    const { here, none } = Mark;
    const marks = (): Mark[] => [0, 1, 2, 3, 4].map((i) => list.markOf(i));
    const used: number[] = [];
    const check = (hasRoom: boolean): void =>
      leases.check(list, (i) => {
        used.push(i);
        return hasRoom;
      });
    for (const hasRoom of [false, true, true]) check(hasRoom);
    expect(marks()).toEqual([here, here, here, none, none]);
    expect(used).toEqual([0, 1, 0, 1]);
    leases.confirm(digestOf(1));
    await waitMs(300);
    check(true);
    expect(used).toEqual([0, 1, 0, 1, 1, 2]);
    expect(marks()).toEqual([none, here, here, none, none]);
  });

  test('of which there are too many are forgotten, the oldest first', () => {
    const { leases } = leasesOf(1000);
    const confirm = (from: number, to: number): void => {
      for (let n = from; n < to; n++) leases.confirm(digestOf(n));
    };
    confirm(0, 300_000);
    confirm(0, 10); // Once more.
    confirm(300_000, 600_000);
    expect([0, 9, 10, 200_000].map((n) => leases.holds(digestOf(n)))).toEqual([true, true, false, false]);
    expect([400_000, 599_999].map((n) => leases.holds(digestOf(n)))).toEqual([true, true]);
    leases.forget(digestOf(0));
    expect(leases.holds(digestOf(0))).toBe(false);
  });
});
