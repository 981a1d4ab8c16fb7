import type { Codec } from '@gorego/compression';
import { type Context, Scope, Slots, type Tasks, withTimeout } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock, Random } from '@gorego/platform';
import type { ServerCapabilities } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { RpcClient } from '@gorego/rpc';
import type { ActionCache, BlobStore } from '@gorego/storage';
import { Circuit } from '../guard/circuit.ts';
import { GuardedClient } from '../guard/guarded-client.ts';
import { Retries } from '../guard/retries.ts';
import { SilenceWatch } from '../guard/silence-watch.ts';
import { defaultThresholds, type Thresholds } from '../thresholds.ts';
import { InstanceCapabilities } from './instance-capabilities.ts';
import { RemoteActions } from './remote-actions.ts';
import { RemoteBlobs } from './remote-blobs.ts';
import { askCapabilities, codecsOf, type Upstream } from './upstream.ts';

/** What the outside world lends a RemoteStore. */
export interface RemoteStoreInit {
  readonly client: ReconnectingClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly tasks: Tasks;
  readonly ctx: Context;
  /** Below which every instance's name is sent; empty is none. */
  readonly instancePrefix: string;
  /** Calls to the upstream at once; `queueMax` more may wait. */
  readonly concurrentCallsMax: number;
  readonly thresholds?: Thresholds;
  /** Compresses blobs on the way to the upstream and back, where that can do it too; they go as they are if absent. */
  readonly zstd?: Codec | undefined;
  readonly observer?: RemoteObserver;
}

export interface ReconnectingClient extends RpcClient {
  /** Leaves connections that may be dead without knowing. */
  reconnect(): void;
}

export interface RemoteObserver {
  /** The upstream is not asked any more. */
  onOpen?(why: Failure): void;
  /** It is asked again. */
  onClose?(openForMs: number): void;
}

/** Calls that wait for their turn, for each that is under way. */
const queuedPerCall = 16;

/** How long the upstream may say nothing to a waiting call before it is asked whether it lives, and how long for that. */
const silentMs = 800;
const aliveMs = 900;

/** How often a healthy upstream is asked anew what it can do. */
const refreshMs = 5 * 60_000;

/** Tier 2: the authoritative cache, as a client of its REAPI. One for each upstream; each instance has its own view. */
export class RemoteStore implements Disposable {
  readonly #init: RemoteStoreInit;
  /** Its own doings: probes. They end when it is disposed. */
  readonly #scope: Scope;
  readonly #circuit: Circuit;
  readonly #watch: SilenceWatch;
  readonly #guarded: GuardedClient;
  readonly #upstream: Upstream;
  readonly #instances: InstanceCapabilities;
  #capabilities: ServerCapabilities | undefined;
  #stopRefresh: () => void = () => {};

  constructor(init: RemoteStoreInit) {
    this.#init = init;
    const { client, clock, random } = init;
    this.#scope = new Scope({ parent: init.ctx });
    this.#circuit = new Circuit({
      clock,
      probe: async () => {
        client.reconnect(); // A connection that was being made into the void would go on trying there.
        if (!(await this.#isThere())) throw new Failure('unavailable', 'it still does not answer');
      },
      onOpen: (why) => {
        this.#guarded.abandon(new Failure('unavailable', why.message));
        init.observer?.onOpen?.(why);
      },
      onClose: (openForMs) => init.observer?.onClose?.(openForMs),
    });
    this.#watch = new SilenceWatch({
      clock,
      silentMs,
      isAlive: () => this.#isAlive(),
      onDead: () => this.#circuit.open(new Failure('unavailable', 'it does not answer')),
    });
    const slots = new Slots(
      'calls to the backing cache',
      init.concurrentCallsMax,
      init.concurrentCallsMax * queuedPerCall,
    );
    this.#guarded = new GuardedClient(client, { circuit: this.#circuit, watch: this.#watch, slots });
    const retries = new Retries(clock, random, () => this.#circuit.why !== undefined);
    this.#upstream = {
      client: this.#guarded,
      retries,
      clock,
      capabilities: () => this.#capabilities,
      thresholds: init.thresholds ?? defaultThresholds,
      codecs: () => codecsOf(this.#capabilities, init.zstd),
    };
    this.#instances = new InstanceCapabilities({
      clock,
      tasks: init.tasks,
      ask: async (instance) => {
        using scope = withTimeout(this.#scope, clock, aliveMs, 'asking what it can do');
        return await askCapabilities(scope, this.#guarded, this.#nameOf(instance));
      },
    });
    this.#refresh();
  }

  /** Why the upstream is not asked now; undefined while it is. */
  get outage(): Failure | undefined {
    return this.#circuit.why;
  }

  /** What the upstream said it can do, last; undefined until it has. */
  get capabilities(): ServerCapabilities | undefined {
    return this.#capabilities;
  }

  /** What it said of one instance; while it hasn't, and that is waited for 0.3 s at most, what it said last of all. */
  async capabilitiesOf(instance: string): Promise<ServerCapabilities | undefined> {
    const own = instance === '' ? undefined : await this.#instances.of(instance);
    return own ?? this.#capabilities;
  }

  blobs(instance: string): BlobStore {
    return new RemoteBlobs(this.#upstream, this.#init.random, this.#nameOf(instance));
  }

  actions(instance: string): ActionCache {
    return new RemoteActions(this.#upstream, this.#nameOf(instance));
  }

  [Symbol.dispose](): void {
    this.#stopRefresh();
    this.#scope[Symbol.dispose]();
    this.#guarded.end(new Failure('unavailable', 'shutting down'));
    this.#circuit[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
  }

  #nameOf(instance: string): string {
    return [this.#init.instancePrefix, instance].filter((part) => part !== '').join('/');
  }

  /** Asks past all guards, and learns what the answer says. */
  async #probe(): Promise<void> {
    const { client, clock } = this.#init;
    using scope = withTimeout(this.#scope, clock, aliveMs, 'asking whether it lives');
    this.#capabilities = await askCapabilities(scope, client, this.#nameOf(''));
  }

  /** A connection can be dead while the server lives: the second question goes over a new one. */
  async #isAlive(): Promise<boolean> {
    if (await this.#isThere()) return true;
    this.#init.client.reconnect();
    if (!(await this.#isThere())) return false;
    this.#guarded.abandon(new Failure('unavailable', 'the connection was dead'));
    return true;
  }

  /** Does anybody answer, be it with a refusal? */
  async #isThere(): Promise<boolean> {
    try {
      await this.#probe();
      return true;
    } catch (reason) {
      if (!(reason instanceof Failure)) throw reason;
      return isAnswer(reason);
    }
  }

  /** Learns what the upstream can do, at once and then now and again. An upstream that is down at start is no obstacle. */
  #refresh(): void {
    if (this.#scope.ended !== undefined) return;
    this.#init.tasks.spawn('ask the backing cache what it can do', async () => {
      try {
        await this.#probe();
      } catch (reason) {
        if (!(reason instanceof Failure)) throw reason;
        if (!isAnswer(reason)) this.#circuit.failed(reason);
      }
    });
    this.#stopRefresh = this.#init.clock.after(this.#capabilities === undefined ? 2000 : refreshMs, () =>
      this.#refresh(),
    );
  }
}

/** A refusal shows that somebody is there to refuse. */
function isAnswer(reason: unknown): boolean {
  if (!(reason instanceof Failure)) return false;
  const { code } = reason;
  return (
    code !== 'unavailable' &&
    code !== 'deadline_exceeded' &&
    code !== 'cancelled' &&
    code !== 'unknown' &&
    code !== 'internal'
  );
}
