import { background, Scope, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import { WriteRequest } from '@gorego/proto/google/bytestream/bytestream';
import { bytesOf, MemoryBlobs } from '@gorego/storage';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Upload } from './upload.ts';
import { Uploads } from './uploads.ts';
import { WriteRequests } from './write-requests.ts';

const bytes = Buffer.alloc(1000, 'abcdefg');
const digest = Digest.ofBytes(bytes);

/** A clock whose timers run when they are told to. */
class Alarm {
  readonly timers = new Set<() => void>();
  readonly clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    soon: (run) => run(),
    after: (_, run) => {
      this.timers.add(run);
      return () => void this.timers.delete(run);
    },
  };

  ring(): void {
    for (const run of this.timers) run();
    this.timers.clear();
  }
}

/** A Write of bytes [from, to), and its caller, who may leave. */
class Client {
  readonly call = new Scope({ parent: background() });
  readonly answer: Promise<void>;

  constructor(upload: Upload, from: number, to: number) {
    const { promise: left, reject } = Promise.withResolvers<never>();
    left.catch(() => {});
    this.call.onEnd(reject);
    const sent = async function* (): AsyncGenerator<Uint8Array> {
      const finishWrite = to === bytes.byteLength;
      yield WriteRequest.encode({
        resourceName: 'n',
        writeOffset: from,
        data: bytes.subarray(from, to),
        finishWrite,
      }).finish();
      await left;
    };
    this.answer = WriteRequests.begin(sent()).then((requests) =>
      upload.receive(this.call, requests, requests.data(bytes.byteLength)),
    );
    this.answer.catch(() => {});
  }

  leave(): void {
    this.call.cancel(new Failure('cancelled', 'the client left'));
  }
}

let alarm: Alarm;
let blobs: MemoryBlobs;
let tasks: TaskGroup;
let uploads: Uploads;
beforeEach(() => {
  alarm = new Alarm();
  blobs = new MemoryBlobs();
  tasks = new TaskGroup(background(), () => {});
  uploads = new Uploads({ clock: alarm.clock, tasks, windowMs: 60_000, uploadsMax: 2, bytesMax: 1500 });
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An upload whose client sent some bytes and left. */
async function cutOff(name: string, sentBytes = 400): Promise<Upload> {
  const upload = uploads.begin(background(), name, blobs, digest);
  const client = new Client(upload, 0, sentBytes);
  await settled();
  client.leave();
  await expect(client.answer).rejects.toMatchObject({ code: 'cancelled' });
  await settled();
  return upload;
}

describe('Uploads', () => {
  // obligation: BSW-4, BSW-25, BSQ-3
  test('keep an upload that was cut off, until somebody goes on with it', async () => {
    await cutOff('a');
    expect([uploads.waiting, uploads.position('a'), uploads.position('b')]).toEqual([1, 400, 0]);
    const client = new Client(uploads.resume('a', 400), 400, 1000);
    await client.answer;
    expect([uploads.waiting, uploads.position('a'), alarm.timers.size, tasks.size]).toEqual([0, 0, 0, 0]);
    const blob = await blobs.get(background(), digest);
    expect(blob && Buffer.from(await bytesOf(blob, 1000)).equals(bytes)).toBe(true);
  });

  // obligation: BSW-25
  test('give it up when nobody has for as long as the window is', async () => {
    const upload = await cutOff('a');
    alarm.ring();
    await expect(upload.stored).rejects.toMatchObject({ message: expect.stringContaining('for 60000 ms') });
    await settled();
    expect([uploads.waiting, uploads.position('a'), tasks.size, blobs.size]).toEqual([0, 0, 0, 0]);
    expect(() => uploads.resume('a', 400)).toThrow('begin at 0');
  });

  // obligation: BSW-4
  test('go on where an upload is, and nowhere else', async () => {
    await cutOff('a');
    for (const offset of [1, 399, 401, 1000]) {
      expect(() => uploads.resume('a', offset)).toThrow(
        expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining('go on at 400') }),
      );
    }
    expect([uploads.waiting, alarm.timers.size]).toEqual([1, 1]);
  });

  test('begin anew in place of what waits', async () => {
    const before = await cutOff('a');
    const client = new Client(uploads.begin(background(), 'a', blobs, digest), 0, 1000);
    await expect(before.stored).rejects.toMatchObject({ message: expect.stringContaining('begun anew') });
    await client.answer;
    expect(blobs.has(digest)).toBe(true);
  });

  test('let another one begin beside one under way, which then is not kept', async () => {
    const first = uploads.begin(background(), 'a', blobs, digest);
    const slow = new Client(first, 0, 300);
    await settled();
    const second = new Client(uploads.begin(background(), 'a', blobs, digest), 0, 500);
    await settled();
    expect(uploads.position('a')).toBe(500);
    slow.leave();
    await expect(first.stored).rejects.toMatchObject({ code: 'cancelled' });
    second.leave();
    await settled();
    expect([uploads.waiting, uploads.position('a')]).toEqual([1, 500]);
  });

  test('let a second Write take over from one that is silent', async () => {
    const upload = uploads.begin(background(), 'a', blobs, digest);
    const silent = new Client(upload, 0, 300);
    await settled();
    const next = new Client(uploads.resume('a', 300), 300, 1000);
    await expect(silent.answer).rejects.toMatchObject({ code: 'aborted' });
    await next.answer;
    silent.leave();
    expect(blobs.has(digest)).toBe(true);
  });

  // obligation: BSW-25
  test.each([
    ['many', [400, 400, 400], ['b', 'c']],
    ['large', [800, 800], ['b']],
  ])('keep those that were cut off last, when there are too %s', async (_, sizes, kept) => {
    const names = ['a', 'b', 'c'].slice(0, sizes.length);
    for (const [i, name] of names.entries()) await cutOff(name, sizes[i]);
    await settled();
    expect(names.filter((name) => uploads.position(name) > 0)).toEqual(kept);
    expect(alarm.timers.size).toBe(kept.length);
  });

  test('keep none of which there is nothing yet, nor any without a window', async () => {
    const nothing = uploads.begin(background(), 'a', blobs, digest);
    const client = new Client(nothing, 0, 0);
    await settled();
    client.leave();
    await expect(nothing.stored).rejects.toMatchObject({ code: 'cancelled' });
    for (const none of [new Uploads(), new Uploads({ clock: alarm.clock, tasks, windowMs: 0 })]) {
      uploads = none;
      const upload = await cutOff('a');
      await expect(upload.stored).rejects.toMatchObject({ code: 'cancelled' });
      expect(none.waiting).toBe(0);
    }
  });

  // obligation: GEN-15
  test('end with the tasks that own them', async () => {
    const upload = await cutOff('a');
    await tasks[Symbol.asyncDispose]();
    await expect(upload.stored).rejects.toMatchObject({ message: 'shutting down' });
    expect(uploads.position('a')).toBe(0);
  });
});
