import { HealthDefinition, HealthCheckResponse_ServingStatus as Serving } from '@gorego/proto/grpc/health/v1/health';
import {
  absentDigest,
  type Blob,
  blobOf,
  type CodeName,
  codeOf,
  freshBlob,
  piecesOf,
  type Reapi,
  readName,
  upload,
} from '@gorego/server/testing';
import { SeededRandom } from '@gorego/simulation';
import type { LineFaults } from '@gorego/simulation/testing';
import { describe, expect, test } from '@jest/globals';
import { get } from './testing/assembled.ts';
import { BehindALine } from './testing/behind-a-line.ts';

const timeoutMs = 60_000;
const mebibyte = 2 ** 20;

/** Everything there is to ask that a backing cache must answer, at once; how each ends. */
function askAll(api: Reapi, { small, large }: Blobs, refused: Blob): Promise<CodeName[]> {
  const action = blobOf(Buffer.from('an action')).digest;
  const calls = [
    api.read(readName(small.digest)),
    api.read(readName(large.digest)),
    api.has(small.digest),
    api.has(absentDigest()),
    api.write(piecesOf(refused)),
    api.getActionResult(action),
    api.updateActionResult(action, { exitCode: 1 }),
  ];
  return Promise.all(calls.map((call) => call.then(() => 'ok' as const, codeOf)));
}

interface Blobs {
  readonly small: Blob;
  readonly large: Blob;
}

function someBlobs(): Blobs {
  return { small: freshBlob(5000), large: freshBlob(6 * mebibyte) };
}

async function expectReadable(api: Reapi, ...blobs: readonly Blob[]): Promise<void> {
  for (const { digest, bytes } of blobs) expect(Buffer.compare(await api.read(readName(digest)), bytes)).toBe(0);
}

async function expectState(world: BehindALine, isUp: boolean): Promise<void> {
  const ask = async (service: string): Promise<Serving> =>
    (await world.api.unary(HealthDefinition, 'check', { service })).status;
  expect(await ask('')).toBe(Serving.SERVING); // The process lives in any case.
  expect(await ask('gorego.backing_cache')).toBe(isUp ? Serving.SERVING : Serving.NOT_SERVING);
  expect((await get(world.near, '/healthz')).status).toBe(200);
  expect(await get(world.near, '/readyz')).toEqual({
    status: 200,
    text: isUp ? expect.stringMatching(/^ready/) : expect.stringMatching(/^degraded: the backing cache \S/),
  });
  expect((await get(world.near, '/metrics')).text).toContain(`\ngorego_backing_cache_up ${isUp ? 1 : 0}\n`);
}

// obligation: PX-1
describe.each<[string, LineFaults]>([
  ['refuses connections', { refuses: true }],
  ['swallows everything', { blackholes: true }],
])('while the line to the backing cache %s', (_, faults) => {
  test(
    'what needs it is UNAVAILABLE, tier 1 goes on, everybody is told, and all is well again afterwards',
    async () => {
      await using world = await BehindALine.start('--backing_cache.local_write=sync');
      const { api, farApi, line } = world;
      const [both, farOnly, refused] = [someBlobs(), someBlobs(), freshBlob(20_000)];
      await upload(api, both.small, both.large);
      await upload(farApi, farOnly.small, farOnly.large);
      await expectState(world, true);

      line.set(faults);
      // The first are asked before anybody knows, the others when the circuit is open.
      for (let i = 0; i < 2; i++) {
        expect(new Set(await askAll(api, farOnly, refused))).toEqual(new Set(['unavailable']));
        await expectReadable(api, both.small, both.large);
        expect(await api.has(both.small.digest)).toBe(true); // Its lease holds.
        await world.until('degraded');
      }
      await expectState(world, false);

      line.set({});
      await world.until('ready');
      await expectState(world, true);
      await expectReadable(api, farOnly.small, farOnly.large);
      // What was not acknowledged is nowhere, or all there: it may have crossed the line when that was mended.
      if (await api.has(refused.digest)) await expectReadable(api, refused);
      await upload(api, refused);
      await expectReadable(farApi, refused);
    },
    timeoutMs,
  );
});

describe('a line to the backing cache that', () => {
  test(
    'breaks every few megabytes costs neither bytes nor calls',
    async () => {
      await using world = await BehindALine.start();
      const large = freshBlob(24 * mebibyte);
      await upload(world.farApi, large);
      world.line.set({ cutsAfterBytes: 5 * mebibyte });
      await Promise.all(Array.from({ length: 4 }, () => expectReadable(world.api, large)));
      expect(world.line.connections).toBeGreaterThan(4); // It did break.
      expect(world.line.bytesDown).toBeLessThan(1.5 * large.bytes.byteLength);
    },
    timeoutMs,
  );

  test(
    'is long is crossed by many blobs together, and by each but once',
    async () => {
      await using world = await BehindALine.start();
      const blobs = Array.from({ length: 300 }, () => freshBlob(3000));
      await Promise.all(blobs.map((blob) => upload(world.farApi, blob)));
      world.line.set({ latencyMs: 50 });
      await Promise.all([...blobs, ...blobs].map((blob) => expectReadable(world.api, blob)));
      expect(world.line.bytesDown).toBeLessThan(1.2 * 300 * 3000);
    },
    timeoutMs,
  );

  test(
    'is slow is shared by a hundred readers of one blob',
    async () => {
      await using world = await BehindALine.start();
      const large = freshBlob(mebibyte);
      await upload(world.farApi, large);
      world.line.set({ bytesPerSecond: 2 * mebibyte });
      await Promise.all(Array.from({ length: 100 }, () => expectReadable(world.api, large)));
      expect(world.line.bytesDown).toBeLessThan(1.1 * large.bytes.byteLength);
    },
    timeoutMs,
  );

  test(
    'talks nonsense is believed nothing',
    async () => {
      await using world = await BehindALine.start();
      const all = Array.from({ length: 6 }, (_, i) => freshBlob(i % 2 === 0 ? 4000 : 3 * mebibyte));
      await upload(world.farApi, ...all);
      for (const garbles of [2, 3, 5, 9]) {
        world.line.set({ garbles });
        for (const { digest, bytes } of all) {
          const outcome = await world.api.read(readName(digest)).catch(codeOf);
          if (typeof outcome === 'string') expect(outcome).toBe('unavailable');
          else expect(Buffer.compare(outcome, bytes)).toBe(0);
          expect([true, 'unavailable']).toContain(await world.api.has(digest).catch(codeOf));
        }
      }
      world.line.set({});
      await world.until('ready');
      await expectReadable(world.api, ...all);
      world.line.set({ refuses: true }); // Nor did any of it reach tier 1.
      for (const { digest, bytes } of all) {
        const outcome = await world.api.read(readName(digest)).catch(codeOf);
        if (typeof outcome !== 'string') expect(Buffer.compare(outcome, bytes)).toBe(0);
      }
    },
    timeoutMs,
  );
});

/** What a storm is made of; half of the time the line is good. */
const weather: readonly LineFaults[] = [
  { refuses: true },
  { blackholes: true },
  { cutsAfterBytes: 300_000 },
  { latencyMs: 30 },
  { bytesPerSecond: 4 * mebibyte },
  { garbles: 7 },
  {},
  {},
  {},
  {},
  {},
  {},
];

test.each([1, 2, 3])(
  'in storm %d nobody gets wrong bytes, and nothing that was acknowledged is called missing',
  async (seed) => {
    const random = new SeededRandom(seed);
    await using world = await BehindALine.start('--backing_cache.existence_lease=1s');
    const kept: Blob[] = [freshBlob(1000), freshBlob(2 * mebibyte)];
    await upload(world.farApi, ...kept);
    const codes = new Map<string, number>();
    const attempt = async (call: () => Promise<void>): Promise<void> => {
      const code = await call().then(() => 'ok', codeOf);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    };
    const client = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        const blob = random.pick(kept);
        const size = random.pick([500, 20_000, 300_000, 3 * mebibyte]);
        await random.pick([
          () => attempt(() => expectReadable(world.api, blob)),
          () => attempt(async () => expect(await world.api.has(blob.digest)).toBe(true)),
          () => attempt(async () => expect(await world.api.has(absentDigest())).toBe(false)),
          () =>
            attempt(async () => {
              const fresh = freshBlob(size);
              await upload(world.api, fresh);
              kept.push(fresh);
            }),
        ])();
      }
    };
    let isOver = false;
    const changing = (async () => {
      while (!isOver) {
        world.line.set(random.pick(weather));
        await new Promise((resolve) => setTimeout(resolve, random.between(50, 700)));
      }
    })();
    await Promise.all(Array.from({ length: 8 }, client));
    isOver = true;
    await changing;
    // Whoever could not be served was told that it may pass.
    expect([...codes.keys()].filter((code) => code !== 'ok' && code !== 'unavailable')).toEqual([]);
    expect(codes.get('ok')).toBeGreaterThan(10);

    world.line.set({});
    await world.until('ready');
    await expectReadable(world.farApi, ...kept);
    await expectReadable(world.api, ...kept);
  },
  timeoutMs,
);
