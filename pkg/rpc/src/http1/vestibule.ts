import type { Socket } from 'node:net';
import type { Clock } from '@gorego/platform';

/** What a client speaks. HTTP/2 begins with its preface, `PRI * HTTP/2.0`; no method of HTTP/1.1 begins with `PRI `. */
export type Spoken = 'http1' | 'http2';

const preface = Buffer.from('PRI ', 'latin1');

/** Told by the first bytes of a connection; undefined while they are too few. */
export function spokenIn(bytes: Uint8Array): Spoken | undefined {
  const length = Math.min(bytes.byteLength, preface.byteLength);
  if (preface.compare(bytes, 0, length, 0, length) !== 0) return 'http1';
  return length === preface.byteLength ? 'http2' : undefined;
}

/** How long a connection may keep silent before it has said what it speaks. */
const silenceMs = 30_000;

/** Connections that have not said it yet. Beyond it the one that has kept silent longest is cut off. */
const undecidedMax = 1000;

/** Where connections wait until they have said what they speak; their bytes are for who takes them over. */
export class Vestibule {
  readonly #clock: Clock;
  /** Since when each waits, in the order they came. */
  readonly #waiting = new Map<Socket, number>();
  #isWatched = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `enter` once `socket` has said what it speaks: who enters listens to its data at once, and is given what it has
   * said so far. One that does not is cut off.
   */
  receive(socket: Socket, enter: (spoken: Spoken) => void): void {
    const [oldest] = this.#waiting.size < undecidedMax ? [] : this.#waiting.keys();
    oldest?.destroy();
    this.#waiting.set(socket, this.#clock.monotonic());
    if (!this.#isWatched) this.#watch(silenceMs);
    const leave = (): void => {
      this.#waiting.delete(socket);
      socket.off('data', hear).off('close', leave);
    };
    let heard: Buffer | undefined;
    const hear = (bytes: Buffer): void => {
      heard = heard === undefined ? bytes : Buffer.concat([heard, bytes]);
      const spoken = spokenIn(heard);
      if (spoken === undefined) return;
      leave();
      enter(spoken);
      socket.unshift(heard); // Whoever has entered hears it at once.
    };
    socket.on('data', hear).on('close', leave);
  }

  /** In `ms`, cuts off who has kept silent for too long; one timer for all, as most have spoken long before. */
  #watch(ms: number): void {
    this.#isWatched = true;
    this.#clock.after(ms, () => {
      this.#isWatched = false;
      for (const [socket, sinceMs] of this.#waiting) {
        const leftMs = sinceMs + silenceMs - this.#clock.monotonic();
        if (leftMs > 0) return this.#watch(leftMs);
        socket.destroy();
      }
    });
  }
}
