import { ConnectionError, errorCode } from './frames.ts';
import type { Stream } from './stream.ts';

/** Streams that were cut off while the client might be sending still; for so many, what comes late is no error. */
const cutOffMax = 1000;

/** The streams of one connection by number: those there are, and what has to be known of those that are over. */
export class Streams {
  readonly #streams = new Map<number, Stream>();
  readonly #cutOff = new Set<number>();
  #last = 0;

  /** The highest number that the client has used. */
  get last(): number {
    return this.#last;
  }

  get size(): number {
    return this.#streams.size;
  }

  get(id: number): Stream | undefined {
    return this.#streams.get(id);
  }

  all(): readonly Stream[] {
    return Array.from(this.#streams.values());
  }

  /** Takes note of a number the client uses for the first time: a client’s are odd (RFC 9113, section 5.1.1). */
  begin(id: number): void {
    if (id % 2 === 0) throw new ConnectionError(errorCode.protocol, `a client’s stream has an odd number, not ${id}`);
    this.#last = id;
  }

  add(stream: Stream): void {
    this.#streams.set(stream.id, stream);
  }

  delete({ id }: Stream): void {
    this.#streams.delete(id);
  }

  cutOff(id: number): void {
    this.#cutOff.add(id);
    if (this.#cutOff.size <= cutOffMax) return;
    const [oldest] = this.#cutOff;
    if (oldest !== undefined) this.#cutOff.delete(oldest);
  }

  wasCutOff(id: number): boolean {
    return this.#cutOff.has(id);
  }

  /** A frame that belongs to a stream which has begun, at least. */
  expectBegun(id: number, what: string): void {
    if (id <= this.#last && id % 2 === 1) return;
    throw new ConnectionError(errorCode.protocol, `${what} of stream ${id}, which has not begun`);
  }
}
