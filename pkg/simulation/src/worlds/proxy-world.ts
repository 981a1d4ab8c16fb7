/**
 * A world is a whole cache between clients and a hostile upstream, made from a seed. In every world, whatever happens:
 *
 *  - who reads a blob to its end has exactly its bytes, and tier 1 holds none that are wrong;
 *  - a blob that the upstream has is never said to be absent, nor one that it lacks to be there beyond the lease;
 *  - an upload that was acknowledged is upstream, and an action's result never before its blobs;
 *  - a result that is given is one that was put, and none older than the last that was acknowledged before;
 *  - in the end nobody holds a file, a call or a slot; and in a kind world nothing fails at all.
 */
import assert from 'node:assert/strict';
import { background, type Context, Scope, sleep, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { ProxyStore, RemoteStore } from '@gorego/proxy';
import { cacheServices, DigestFunctions, referencesOf, validInstanceName } from '@gorego/server';
import {
  BlobReader,
  type BlobStore,
  bytesOf,
  completeOnly,
  emptyAlwaysHere,
  LocalStore,
  MemoryActions,
  MemoryBlobs,
} from '@gorego/storage';
import { SeededRandom } from '../seeded-random.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { type DiskFaults, kindDisk, SimulatedDisk } from '../simulated-disk.ts';
import { kindNetwork, type NetworkFaults, SimulatedNetwork } from '../simulated-network.ts';
import { actionResult, versionOf } from './action-result.ts';
import { Model } from './model.ts';

/** What happened in worlds so far. */
export interface Tally {
  worlds: number;
  steps: number;
  whole: number;
  absent: number;
  failed: number;
  left: number;
  uploads: number;
  hits: number;
  stale: number;
  repairs: number;
  outages: number;
}

export function emptyTally(): Tally {
  return {
    worlds: 0,
    steps: 0,
    whole: 0,
    absent: 0,
    failed: 0,
    left: 0,
    uploads: 0,
    hits: 0,
    stale: 0,
    repairs: 0,
    outages: 0,
  };
}

const functions = new DigestFunctions(['sha256']);
const references = referencesOf(functions);
/** Small blobs, so that a world is quick, and each way of handling them among them. */
const thresholds = { inMemory: 100, askFirst: 2000, sentWhileComing: 3000, piece: 300, window: 1000 };
const sizes = [1, 63, 99, 100, 101, 350, 1999, 2000, 3500];

export async function proxyWorld(seed: number, tally: Tally): Promise<void> {
  const random = new SeededRandom(seed);
  const clock = new SimulatedClock(random);
  const world = new World(seed, random, clock, tally);
  await clock.run(world.live());
  tally.worlds++;
  tally.steps += clock.steps;
}

/** Which kinds of trouble a world has: each is left out of many, so that none hides another. */
interface Troubles {
  readonly network: NetworkFaults;
  readonly disk: DiskFaults;
  readonly lies: number;
  readonly forgets: number;
  readonly leaves: number;
}

function troublesOf(random: SeededRandom): { isKind: boolean; troubles: Troubles } {
  if (random.chance(0.15)) {
    return { isKind: true, troubles: { network: kindNetwork, disk: kindDisk, lies: 0, forgets: 0, leaves: 0.1 } };
  }
  const some = (probability: number, most: number): number =>
    random.chance(probability) ? random.fraction() * most : 0;
  const periods = (probability: number): [number, number][] => {
    if (!random.chance(probability)) return [];
    const from = random.between(0, 100);
    return [[from, from + random.between(10, 12_000)]];
  };
  const network = {
    slowestMs: random.pick([0, 2, 20, 200]),
    refuses: some(0.3, 0.3),
    cuts: some(0.4, 0.1),
    garbage: some(0.1, 0.1),
    blackholes: periods(0.15),
    outages: periods(0.2),
  };
  const disk = {
    slowestMs: random.pick([0, 1, 10]),
    fails: some(0.2, 0.1),
    failure: random.pick(['internal', 'resource_exhausted', 'unavailable'] as const),
    capacityBytes: random.chance(0.2) ? random.between(100, 6000) : Number.POSITIVE_INFINITY,
  };
  return {
    isKind: false,
    troubles: { network, disk, lies: some(0.15, 0.3), forgets: some(0.2, 0.3), leaves: some(0.5, 0.4) },
  };
}

class World {
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #clock: SimulatedClock;
  readonly #tally: Tally;
  readonly #model: Model;
  readonly #isKind: boolean;
  readonly #troubles: Troubles;
  readonly #upstream = new MemoryBlobs();
  readonly #upstreamActions = new MemoryActions();
  readonly #existenceLeaseMs: number;
  /** When the upstream forgot a blob, last. */
  /** What was upstream from the beginning. */
  readonly #initial = new Set<Digest>();
  readonly #forgotMs = new Map<Digest, number>();
  readonly #actions: readonly WorldAction[];

  constructor(seed: number, random: SeededRandom, clock: SimulatedClock, tally: Tally) {
    this.#seed = seed;
    this.#random = random;
    this.#clock = clock;
    this.#tally = tally;
    this.#model = new Model(random, sizes);
    const { isKind, troubles } = troublesOf(random);
    this.#isKind = isKind;
    this.#troubles = troubles;
    this.#existenceLeaseMs = random.pick([0, 100, 3_600_000]);
    this.#actions = Array.from({ length: 2 }, (_, i) => new WorldAction(i));
  }

  async live(): Promise<void> {
    const random = this.#random;
    for (const [digest, bytes] of this.#model.blobs) {
      if (!random.chance(0.6)) continue;
      await this.#upstream.put(background(), digest, BlobReader.ofBytes(bytes));
      this.#initial.add(digest);
    }
    const disk = new SimulatedDisk(random, this.#clock, kindDisk);
    let openCalls = (): string[] => [];
    {
      await using near = await LocalStore.open({
        ...{ disk, random, clock: this.#clock, boot: 'this one' },
        segmentThreshold: random.pick([0, 100, 64 * 1024]),
        segmentBytes: random.pick([1000, 1024 * 1024]),
      });
      disk.trouble(this.#troubles.disk); // From now on.
      await using tasks = new TaskGroup(background(), () => {});
      const network = new SimulatedNetwork(this.#upstreamRoutes(), random, this.#clock, this.#troubles.network);
      using remote = new RemoteStore({
        client: network,
        clock: this.#clock,
        random,
        tasks,
        ctx: background(),
        instancePrefix: '',
        concurrentCallsMax: random.pick([1, 4, 100]),
        thresholds,
        observer: { onOpen: () => this.#tally.outages++ },
      });
      const proxy = new ProxyStore({
        near,
        far: remote,
        clock: this.#clock,
        random: new SeededRandom(1), // One of its own: where leases are kept is nothing that happens.
        tasks,
        references,
        observer: {
          onNearFailure: () => {},
          onDownload: () => {},
          onRepair: () => this.#tally.repairs++,
          onTouch: () => {},
          onStale: (action) => {
            this.#tally.stale++;
            for (const each of this.#actions) if (each.digest === action) each.isStale = true;
          },
        },
        existenceLeaseMs: this.#existenceLeaseMs,
        actionLeaseMs: 0,
        localWrite: random.pick(['sync', 'async']),
        windowBytes: random.pick([600, 10_000]),
        thresholds,
      });
      const { blobs, actions } = proxy.instance('');
      const clients = Array.from({ length: random.between(1, 6) }, () => this.#client(blobs, actions));
      await Promise.all(clients);
      if (this.#troubles.forgets > 0) await sleep(background(), this.#clock, 11_000); // Let touches find what is lost.
      await this.#quiet(tasks, network);
      openCalls = () => Array.from(network.open, ({ path }) => path);
    }
    assert.deepEqual(openCalls(), [], this.#says('calls are still open'));
    assert.equal(disk.openFiles, 0, this.#says('files are still open'));
    await this.#inspect(disk);
  }

  /** Whatever goes on in the background comes to an end, but for what is meant to go on. */
  async #quiet(tasks: TaskGroup, network: SimulatedNetwork): Promise<void> {
    // A call that nobody waits for any more goes on until it is answered, or its own time is up.
    for (let waited = 0; tasks.size > 1 || network.open.size > 0; waited++) {
      assert(waited < 1000, this.#says(`${tasks.size} tasks and ${network.open.size} calls are still running`));
      await sleep(background(), this.#clock, 100);
    }
  }

  #upstreamRoutes(): ReturnType<typeof cacheServices>['routes'] {
    const blobs = emptyAlwaysHere(this.#lying(this.#upstream));
    const actions = completeOnly(this.#upstreamActions, emptyAlwaysHere(this.#upstream), references);
    const put: typeof actions.put = async (ctx, action, result) => {
      await this.#checkBlobsFirst(ctx, action, result);
      await actions.put(ctx, action, result);
    };
    const instances = (name: string) => ({ name: validInstanceName(name), blobs, actions: { get: actions.get, put } });
    return cacheServices({ instances, digestFunctions: ['sha256'] }).routes;
  }

  /** An upstream that gives wrong bytes now and then, and forgets. */
  #lying(inner: MemoryBlobs): BlobStore {
    return {
      get: async (ctx, digest, range) => {
        this.#mayForget();
        const blob = await inner.get(ctx, digest, range);
        if (blob?.bytes === undefined || !this.#random.chance(this.#troubles.lies)) return blob;
        const wrong = Buffer.from(blob.bytes);
        const at = this.#random.between(0, wrong.byteLength - 1);
        if (wrong.byteLength > 0) wrong.writeUInt8(wrong.readUInt8(at) ^ 1, at);
        return BlobReader.ofBytes(wrong);
      },
      put: (ctx, digest, blob) => inner.put(ctx, digest, blob),
      findMissing: async (ctx, digests) => {
        this.#mayForget();
        return inner.findMissing(ctx, digests);
      },
    };
  }

  #mayForget(): void {
    if (!this.#random.chance(this.#troubles.forgets)) return;
    const digest = this.#random.pick(this.#model.digests);
    if (!this.#upstream.delete(digest)) return;
    this.#model.forgotten.add(digest);
    this.#forgotMs.set(digest, this.#clock.monotonic());
  }

  /** A result must find its blobs upstream, unless the upstream forgets. */
  async #checkBlobsFirst(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    if (this.#troubles.forgets > 0) return;
    const needed = (await references(ctx, action, result, this.#upstream)) ?? new Set();
    const missing = await this.#upstream.findMissing(ctx, needed);
    assert.equal(missing.size, 0, this.#says('a result came before its blobs'));
  }

  async #client(blobs: BlobStore, actions: ProxyActionsView): Promise<void> {
    for (let i = this.#random.between(1, 7); i > 0; i--) {
      await sleep(background(), this.#clock, this.#random.between(0, 60));
      using scope = new Scope();
      let hasLeft = false;
      if (this.#random.chance(this.#troubles.leaves)) {
        this.#clock.after(this.#random.between(0, 80), () => {
          hasLeft = true;
          scope.cancel(new Failure('cancelled', 'the client went away'));
        });
      }
      const stopDeadline = this.#clock.after(60_000, () => scope.cancel(new Failure('deadline_exceeded', 'a minute')));
      try {
        const acts = [this.#reads, this.#reads, this.#writes, this.#looks, this.#asksAction, this.#putsAction];
        await this.#random.pick(acts).call(this, scope, blobs, actions);
      } catch (reason) {
        if (!(reason instanceof Failure)) throw reason;
        this.#tally.failed++;
        if (!hasLeft) this.#judgeFailure(reason);
      } finally {
        stopDeadline();
      }
    }
  }

  #judgeFailure(failure: Failure): void {
    assert(!this.#isKind, this.#says(`in a kind world: ${failure.code}: ${failure.message}`));
    const isLiar = this.#troubles.lies > 0 || this.#troubles.network.garbage > 0;
    const allowed = [
      'unavailable',
      'resource_exhausted',
      ...(isLiar ? ['data_loss', 'internal', 'unknown', 'invalid_argument'] : []),
    ];
    assert(allowed.includes(failure.code), this.#says(`${failure.code}: ${failure.message}`));
  }

  async #reads(ctx: Context, blobs: BlobStore): Promise<void> {
    const digest = this.#random.pick(this.#model.digests);
    const expected = this.#model.bytesOf(digest);
    const wasThere = this.#isSettled(digest);
    const offset = this.#random.chance(0.25) ? this.#random.between(0, expected.byteLength) : 0;
    const blob = await blobs.get(ctx, digest, offset === 0 ? undefined : { offset });
    if (blob === undefined) {
      this.#tally.absent++;
      assert(!wasThere || this.#model.forgotten.has(digest), this.#says(`${digest} is said to be absent`));
      return;
    }
    await using owned = blob;
    const parts: Uint8Array[] = [];
    const isSlow = this.#random.chance(0.3);
    for await (const part of owned) {
      parts.push(part);
      if (isSlow) await sleep(ctx, this.#clock, this.#random.between(0, 300));
      if (this.#random.chance(0.02)) {
        this.#tally.left++;
        return;
      }
    }
    // Part of a blob can't be verified when it comes from upstream alone.
    if (offset === 0 || this.#troubles.lies + this.#troubles.network.garbage === 0) {
      const got = Buffer.concat(parts);
      assert(
        Buffer.compare(got, expected.subarray(offset)) === 0,
        this.#says(`wrong bytes of ${digest} from ${offset}`),
      );
    }
    this.#tally.whole++;
  }

  async #writes(ctx: Context, blobs: BlobStore): Promise<void> {
    await this.#upload(ctx, blobs, this.#random.pick(this.#model.digests));
  }

  async #upload(ctx: Context, blobs: BlobStore, digest: Digest): Promise<void> {
    const bytes = this.#model.bytesOf(digest);
    const clock = this.#clock;
    const random = this.#random;
    const isSlow = random.chance(0.3);
    const breaks = random.chance(this.#troubles.leaves / 4);
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.byteLength; at += 250) {
        if (isSlow) await sleep(ctx, clock, random.between(0, 500));
        if (breaks && random.chance(0.3)) throw new Failure('cancelled', 'the sender hung up');
        yield bytes.subarray(at, at + 250);
      }
    };
    const blob = random.chance(0.5)
      ? BlobReader.ofBytes(bytes)
      : new BlobReader({ sizeBytes: bytes.byteLength, chunks: pieces() });
    try {
      await blobs.put(ctx, digest, blob);
    } catch (reason) {
      if (reason instanceof Failure && reason.message === 'the sender hung up') return;
      throw reason;
    }
    this.#tally.uploads++;
    this.#model.acknowledged.add(digest);
    assert(
      this.#isUpstream(digest) || this.#model.forgotten.has(digest),
      this.#says(`${digest} was acknowledged in vain`),
    );
  }

  async #looks(ctx: Context, blobs: BlobStore): Promise<void> {
    const asked = new Set(this.#model.digests.filter(() => this.#random.chance(0.6)));
    const wereThere = new Set([...asked].filter((digest) => this.#isSettled(digest)));
    const missing = await blobs.findMissing(ctx, asked);
    for (const digest of asked) {
      if (missing.has(digest)) {
        assert(
          !wereThere.has(digest) || this.#model.forgotten.has(digest),
          this.#says(`${digest} is said to be missing`),
        );
      } else if (!this.#isUpstream(digest)) {
        const forgotMs = this.#forgotMs.get(digest) ?? Number.NEGATIVE_INFINITY;
        const isLeased = this.#clock.monotonic() - forgotMs <= this.#existenceLeaseMs + 60_000;
        assert(isLeased, this.#says(`${digest} is said to be there`));
      }
    }
  }

  async #asksAction(ctx: Context, blobs: BlobStore, actions: ProxyActionsView): Promise<void> {
    const action = this.#random.pick(this.#actions);
    const before = action.uploads.map(({ endedAt }) => endedAt);
    const { steps } = this.#clock;
    action.isStale = false;
    const result = await actions.get(ctx, action.digest);
    if (result === undefined) {
      const isLost = this.#model.forgotten.size > 0;
      const wasAcknowledged = before.some((endedAt) => endedAt <= steps);
      assert(!wasAcknowledged || isLost, this.#says('a result that was acknowledged is said not to be'));
      return;
    }
    this.#tally.hits++;
    const version = versionOf(result);
    const upload = action.uploads[version - 1];
    assert(upload !== undefined, this.#says('a result that nobody put'));
    const isSuperseded = action.uploads.some(
      (other, i) => other.startedAt > upload.endedAt && (before[i] ?? Number.POSITIVE_INFINITY) <= steps,
    );
    assert(!isSuperseded || action.isStale, this.#says(`result ${version} was superseded before it was asked for`));
    for (const digest of (await references(ctx, action.digest, result, blobs)) ?? []) {
      const blob = await blobs.get(ctx, digest);
      assert(blob !== undefined || this.#model.forgotten.has(digest), this.#says('a result whose output is absent'));
      if (blob !== undefined) await bytesOf(blob, 2_000_000);
    }
  }

  async #putsAction(ctx: Context, blobs: BlobStore, actions: ProxyActionsView): Promise<void> {
    const action = this.#random.pick(this.#actions);
    const outputs = this.#model.digests.filter(() => this.#random.chance(0.3));
    // What a client does: asks what is missing, brings that, and then says what came of the action.
    for (const digest of await blobs.findMissing(ctx, new Set(outputs))) await this.#upload(ctx, blobs, digest);
    const missing = await blobs.findMissing(ctx, new Set(outputs));
    if (missing.size > 0) return; // The sender hung up.
    const upload = { startedAt: this.#clock.steps, endedAt: Number.POSITIVE_INFINITY };
    action.uploads.push(upload);
    await actions.put(ctx, action.digest, actionResult(action.uploads.length, outputs));
    upload.endedAt = this.#clock.steps;
  }

  /** Upstream, and not only just: an upload that nobody has been told of yet may be missed. */
  #isSettled(digest: Digest): boolean {
    return this.#isUpstream(digest) && (this.#initial.has(digest) || this.#model.acknowledged.has(digest));
  }

  #isUpstream(digest: Digest): boolean {
    return this.#upstream.has(digest);
  }

  /** What a process would find that starts after this one was killed. */
  async #inspect(before: SimulatedDisk): Promise<void> {
    const disk = before.afterwards('process');
    await using store = await LocalStore.open({
      ...{ disk, random: this.#random, clock: this.#clock, boot: 'this one' },
      observer: { onCorrupt: (_, where) => assert.fail(this.#says(`tier 1 keeps wrong bytes at ${where}`)) },
    });
    for (const [digest, bytes] of this.#model.blobs) {
      const blob = await store.blobs.get(background(), digest);
      if (blob !== undefined) assert.deepEqual(Buffer.from(await bytesOf(blob, 1 << 20)), Buffer.from(bytes));
    }
    for (const path of disk.files.keys()) assert(!path.startsWith('tmp/'), this.#says(`${path} was left behind`));
  }

  #says(what: string): string {
    return `seed ${this.#seed}, ${this.#clock.monotonic()} ms: ${what}`;
  }
}

interface ProxyActionsView {
  get(ctx: Context, action: Digest): Promise<Uint8Array | undefined>;
  put(ctx: Context, action: Digest, result: Uint8Array): Promise<void>;
}

/** An action whose results are numbered as they are put. */
class WorldAction {
  readonly digest: Digest;
  /** When each was begun and acknowledged, in the clock's steps; one that failed may take effect at any time. */
  readonly uploads: { readonly startedAt: number; endedAt: number }[] = [];
  isStale = false;

  constructor(number: number) {
    this.digest = Digest.ofBytes(Buffer.from(`action ${number}`));
  }
}
