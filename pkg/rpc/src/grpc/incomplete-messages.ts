/** A call whose message has not come whole. */
export interface Incomplete {
  /** There may be room again for more of it: to be asked once more. */
  onRoom(): void;
}

/**
 * Bounds the memory of messages that have not come whole, of all clients of a server together. Whoever has waited
 * longest always goes on, so that one message at least gets to its end, and makes room for the next.
 */
export class IncompleteMessages {
  readonly #bytesMax: number;
  readonly #bytes = new Map<Incomplete, number>();
  readonly #waiting = new Set<Incomplete>();
  #sumBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** So much of a call's message is here. Whether more of it may come now; if not, `onRoom` says when to ask again. */
  hold(call: Incomplete, bytes: number): boolean {
    this.#sumBytes += bytes - (this.#bytes.get(call) ?? 0);
    this.#bytes.set(call, bytes);
    const [oldest] = this.#bytes.keys();
    if (this.#sumBytes <= this.#bytesMax || call === oldest) return true;
    this.#waiting.add(call);
    return false;
  }

  /** The call's message is whole, or will never be. */
  release(call: Incomplete): void {
    const bytes = this.#bytes.get(call);
    if (bytes === undefined) return;
    this.#bytes.delete(call);
    this.#waiting.delete(call);
    this.#sumBytes -= bytes;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const other of waiting) other.onRoom();
  }
}
