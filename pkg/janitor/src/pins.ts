import type { Context } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import { type Account, type CallersAccount, type HalfKey, KeySet } from '@gorego/storage';

/** Of the store's size, what all invocations together may hold. */
const heldShare = 0.5;
/** What is held counts as if each blob were a file of its own. */
const blockBytes = 4096;
/** Keys of all invocations together: 13 bytes each. */
const keysMax = 500_000;
/** Invocations at once. One more, and that which began first is let go. */
const invocationsMax = 1000;

export interface PinsInit {
  readonly clock: Clock;
  /** What the store may take. */
  readonly maxBytes: number;
  /** An invocation of which nothing was heard for so long is over. */
  readonly graceMs: number;
  /** An invocation was told of more than can be held: what it was told from now on goes as everything does. */
  readonly onFull?: (invocation: string) => void;
}

/** Holds what running builds were told is there, until they are quiet: they may not ask again before they need it. */
export class Pins implements Account {
  readonly #init: PinsInit;
  readonly #invocations = new Map<string, Invocation>();
  #bytes = 0;
  #keys = 0;

  constructor(init: PinsInit) {
    this.#init = init;
  }

  /** What invocations hold, bytes; never more than half of what the store may take. */
  get heldBytes(): number {
    return this.#bytes;
  }

  of({ caller: { invocation } }: Pick<Context, 'caller'>): CallersAccount | undefined {
    if (invocation === '') return undefined;
    const now = this.#init.clock.monotonic();
    const known = this.#invocations.get(invocation);
    if (known !== undefined) {
      known.seenMs = now;
      return known;
    }
    if (this.#invocations.size >= invocationsMax) this.#makeRoom();
    const made = new Invocation(now, (sizeBytes) => this.#take(invocation, sizeBytes));
    this.#invocations.set(invocation, made);
    return made;
  }

  /** What is to stay now. Invocations that have been quiet for too long are forgotten. */
  held(): KeySet[] {
    this.#letQuietGo();
    return Array.from(this.#invocations.values(), ({ keys }) => keys);
  }

  /** Is there room for one more, of that size? */
  #take(invocation: string, sizeBytes: number): boolean {
    const { maxBytes, onFull } = this.#init;
    if (this.#bytes + sizeBytes > maxBytes * heldShare || this.#keys >= keysMax) {
      onFull?.(invocation);
      return false;
    }
    this.#bytes += sizeBytes;
    this.#keys++;
    return true;
  }

  #letQuietGo(): void {
    const { clock, graceMs } = this.#init;
    const before = clock.monotonic() - graceMs;
    for (const [invocation, { seenMs }] of this.#invocations) if (seenMs < before) this.#letGo(invocation);
  }

  #makeRoom(): void {
    this.#letQuietGo();
    const [first] = this.#invocations.keys();
    if (first !== undefined && this.#invocations.size >= invocationsMax) this.#letGo(first);
  }

  #letGo(invocation: string): void {
    const gone = this.#invocations.get(invocation);
    if (gone === undefined) return;
    this.#invocations.delete(invocation);
    this.#bytes -= gone.bytes;
    this.#keys -= gone.keys.count;
  }
}

/** What one run of a tool was told. */
class Invocation implements CallersAccount {
  readonly keys = new KeySet();
  bytes = 0;
  seenMs: number;
  readonly #take: (sizeBytes: number) => boolean;
  /** There was no room for something: there is none for this one any more, and its owner has been told. */
  #isFull = false;

  constructor(seenMs: number, take: (sizeBytes: number) => boolean) {
    this.seenMs = seenMs;
    this.#take = take;
  }

  add(key: HalfKey, sizeBytes: number): void {
    if (this.#isFull || this.keys.has(key)) return;
    const bytes = Math.ceil(sizeBytes / blockBytes) * blockBytes;
    this.#isFull = !this.#take(bytes);
    if (this.#isFull) return;
    this.keys.add(key);
    this.bytes += bytes;
  }
}
