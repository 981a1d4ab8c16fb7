import { background, Scope, Slots, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { ManualClock } from '@gorego/platform/testing';
import type { RpcClient } from '@gorego/rpc';
import { describe, expect, test } from '@jest/globals';
import { Circuit } from './circuit.ts';
import { GuardedClient } from './guarded-client.ts';
import { Retries } from './retries.ts';
import { SilenceWatch } from './silence-watch.ts';

const ctx = background();
const reset = new Failure('unavailable', 'connection reset');
/** Lets everything that can go on without time passing do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Circuit', () => {
  const made = (probe = async (): Promise<void> => {}) => {
    const clock = new ManualClock();
    const told: string[] = [];
    const circuit = new Circuit({
      clock,
      probe: () => {
        told.push('probe');
        return probe();
      },
      onOpen: (why) => told.push(`open: ${why.message}`),
      onClose: (ms) => told.push(`closed after ${ms} ms`),
    });
    return { clock, circuit, told };
  };

  test('opens when more fails than succeeds, and not for a few failures', async () => {
    const { circuit } = made();
    for (let i = 0; i < 4; i++) circuit.failed(reset);
    await settled();
    expect(circuit.why).toBeUndefined();
    circuit.failed(reset);
    await settled();
    expect(circuit.why).toBe(reset);
    expect(() => circuit.check()).toThrow(
      expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('connection reset') }),
    );
  });

  test('stays closed while most succeeds', async () => {
    const { circuit } = made();
    for (let i = 0; i < 40; i++) {
      circuit.succeeded();
      circuit.succeeded();
      circuit.failed(reset);
    }
    await settled();
    expect(circuit.why).toBeUndefined();
  });

  test('forgets what went wrong more than ten seconds ago', async () => {
    const { circuit, clock } = made();
    for (let i = 0; i < 4; i++) circuit.failed(reset);
    await settled();
    clock.pass(11_000);
    circuit.failed(reset);
    await settled();
    expect(circuit.why).toBeUndefined();
  });

  test('is tried each second by one probe while it is open, and closes when that succeeds', async () => {
    let isUp = false;
    const { circuit, clock, told } = made(async () => {
      if (!isUp) throw reset;
    });
    circuit.open(reset);
    for (let i = 0; i < 3; i++) {
      clock.pass(1000);
      await settled();
    }
    isUp = true;
    clock.pass(1000);
    await settled();
    expect(told).toEqual(['open: connection reset', 'probe', 'probe', 'probe', 'probe', 'closed after 4000 ms']);
    expect(circuit.why).toBeUndefined();
    circuit.failed(reset); // What went wrong before it closed no longer counts.
    await settled();
    expect(circuit.why).toBeUndefined();
  });

  test('leaves no timer when it is disposed', () => {
    const { circuit, clock } = made();
    circuit.open(reset);
    circuit[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
});

describe('SilenceWatch', () => {
  const made = (isAlive: boolean) => {
    const clock = new ManualClock();
    let asked = 0;
    let dead = 0;
    const watch = new SilenceWatch({
      clock,
      silentMs: 1000,
      isAlive: async () => {
        asked++;
        return isAlive;
      },
      onDead: () => dead++,
    });
    return { clock, watch, counts: () => ({ asked, dead }) };
  };

  test('asks nothing while nothing is expected, or while there are answers', async () => {
    const { clock, watch, counts } = made(false);
    clock.pass(10_000);
    const stop = watch.wait();
    for (let i = 0; i < 20; i++) {
      clock.pass(500);
      watch.heard();
    }
    stop();
    clock.pass(10_000);
    await settled();
    expect(counts()).toEqual({ asked: 0, dead: 0 });
  });

  test('finds a silent upstream dead', async () => {
    const { clock, watch, counts } = made(false);
    watch.wait();
    clock.pass(999);
    await settled();
    expect(counts()).toEqual({ asked: 0, dead: 0 });
    clock.pass(1);
    await settled();
    expect(counts()).toEqual({ asked: 1, dead: 1 });
  });

  test('lets a slow upstream be slow, as long as it says that it lives', async () => {
    const { clock, watch, counts } = made(true);
    watch.wait();
    for (let i = 0; i < 5; i++) {
      clock.pass(1000);
      await settled();
    }
    expect(counts()).toEqual({ asked: 5, dead: 0 });
  });
});

describe('Retries', () => {
  const made = (isHopeless = false) => {
    const clock = new ManualClock();
    return { clock, retries: new Retries(clock, { fraction: () => 0.5, hex: () => '' }, () => isHopeless) };
  };
  /** Runs `attempt` with time passing as it is waited for; says how often it was tried. */
  const tries = async (failure: unknown, { isHopeless = false, scope = ctx } = {}): Promise<number> => {
    const { clock, retries } = made(isHopeless);
    let count = 0;
    let isOver = false;
    const run = retries
      .run(scope, async () => {
        count++;
        throw failure;
      })
      .catch(() => {})
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      await settled();
      clock.pass(100);
    }
    await run;
    return count;
  };

  test.each([
    ['unavailable', 4],
    ['resource_exhausted', 4],
    ['aborted', 4],
    ['internal', 2],
    ['data_loss', 2],
    ['not_found', 1],
    ['invalid_argument', 1],
    ['deadline_exceeded', 1],
    ['cancelled', 1],
    ['permission_denied', 1],
  ] as const)('tries %s %d times', async (code, expected) => {
    expect(await tries(new Failure(code, 'x'))).toBe(expected);
  });

  test('tries a bug once', async () => {
    expect(await tries(new TypeError('oops'))).toBe(1);
  });

  test('does not try again while that is hopeless, nor beyond the deadline', async () => {
    expect(await tries(reset, { isHopeless: true })).toBe(1);
    expect(await tries(reset, { scope: new Scope({ deadline: 20 }) })).toBe(1);
  });

  test('gives up repeating when most of what is tried fails', async () => {
    const { clock, retries } = made();
    let attempts = 0;
    const failing = Promise.allSettled(
      Array.from({ length: 100 }, () =>
        retries.run(ctx, async () => {
          attempts++;
          throw reset;
        }),
      ),
    );
    for (let i = 0; i < 50; i++) {
      await settled();
      clock.pass(100);
    }
    await failing;
    expect(attempts).toBe(100 + 20); // The budget, and no more: not four times a hundred.
  });
});

describe('GuardedClient', () => {
  const made = (inner: Partial<RpcClient>, slots = new Slots('calls', 10, 10)) => {
    const clock = new ManualClock();
    const circuit = new Circuit({ clock, probe: async () => {}, onOpen: (why) => client.abandon(why) });
    const watch = new SilenceWatch({
      clock,
      silentMs: 1000,
      isAlive: async () => false,
      onDead: () => circuit.open(new Failure('unavailable', 'it does not answer')),
    });
    const client = new GuardedClient(inner as RpcClient, { circuit, watch, slots });
    return { clock, circuit, client, slots };
  };

  test('fails calls that hang as soon as the upstream is found dead, and new ones at once', async () => {
    const { client, clock, slots } = made({ unary: (call) => unlessEnded(call, new Promise<never>(() => {})) });
    const hanging = [1, 2].map(() => client.unary(ctx, '/a', Buffer.of()).catch((reason: Failure) => reason.code));
    await settled();
    clock.pass(1000);
    await settled();
    expect(await Promise.all(hanging)).toEqual(['unavailable', 'unavailable']);
    await expect(client.unary(ctx, '/a', Buffer.of())).rejects.toMatchObject({ code: 'unavailable' });
    expect(slots.taken).toBe(0);
  });

  test.each(['not_found', 'invalid_argument', 'cancelled', 'deadline_exceeded', 'resource_exhausted'] as const)(
    'takes %s for no fault of the upstream',
    async (code) => {
      const { client, circuit } = made({
        unary: async () => {
          throw new Failure(code, 'x');
        },
      });
      for (let i = 0; i < 20; i++) await expect(client.unary(ctx, '/a', Buffer.of())).rejects.toMatchObject({ code });
      await settled();
      expect(circuit.why).toBeUndefined();
    },
  );

  test('takes what a giver does for no fault of the upstream', async () => {
    const { client, circuit } = made({
      clientStream: async (_ctx, _path, requests) => {
        for await (const _ of requests);
        return Buffer.of();
      },
    });
    const hungUp = new Failure('unavailable', 'the sender hung up');
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.of(1);
      throw hungUp;
    };
    for (let i = 0; i < 20; i++) await expect(client.clientStream(ctx, '/a', broken())).rejects.toBe(hungUp);
    await settled();
    expect(circuit.why).toBeUndefined();
  });

  test('takes a stream that breaks after it gave something for no reason not to ask for the rest', async () => {
    const { client, circuit } = made({
      serverStream: async function* () {
        yield Buffer.of(1);
        throw new Failure('unavailable', 'the connection was cut');
      },
    });
    for (let i = 0; i < 20; i++) {
      const taking = Array.fromAsync(client.serverStream(ctx, '/a', Buffer.of()));
      await expect(taking).rejects.toMatchObject({ code: 'unavailable' });
    }
    await settled();
    expect(circuit.why).toBeUndefined();
  });

  test('does not take a slow giver or a slow reader for a silent upstream', async () => {
    const { client, circuit, clock } = made({
      clientStream: async (_ctx, _path, requests) => {
        for await (const _ of requests);
        return Buffer.of();
      },
      serverStream: async function* () {
        yield Buffer.of(1);
        yield Buffer.of(2);
      },
    });
    const { promise: more, resolve } = Promise.withResolvers<undefined>();
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      await more;
      yield Buffer.of(1);
    };
    const upload = client.clientStream(ctx, '/a', slow());
    const download = client.serverStream(ctx, '/a', Buffer.of())[Symbol.asyncIterator]();
    await download.next();
    for (let i = 0; i < 10; i++) {
      clock.pass(1000);
      await settled();
    }
    expect(circuit.why).toBeUndefined();
    resolve(undefined);
    await upload;
    await download.return?.(undefined);
  });

  test('holds no more calls than its slots', async () => {
    let open = 0;
    let most = 0;
    const { promise: gate, resolve } = Promise.withResolvers<void>();
    const { client } = made(
      {
        unary: async () => {
          most = Math.max(most, ++open);
          await gate;
          open--;
          return Buffer.of();
        },
      },
      new Slots('calls', 3, 100),
    );
    const calls = Array.from({ length: 10 }, () => client.unary(ctx, '/a', Buffer.of()));
    await settled();
    resolve();
    await Promise.all(calls);
    expect(most).toBe(3);
  });
});
