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

/** Where connections wait until they have said what they speak; their bytes are left for who takes them over. */
export class Vestibule {
  readonly #clock: Clock;
  readonly #waiting = new Set<Socket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `enter` once `socket` has said what it speaks. One that does not is cut off. */
  receive(socket: Socket, enter: (spoken: Spoken) => void): void {
    const [oldest] = this.#waiting.size < undecidedMax ? [] : this.#waiting;
    oldest?.destroy();
    this.#waiting.add(socket);
    const stopTimer = this.#clock.after(silenceMs, () => socket.destroy());
    const leave = (): void => {
      stopTimer();
      this.#waiting.delete(socket);
      socket.off('readable', look).off('close', leave).off('end', hangUp);
    };
    let heard: Buffer = Buffer.alloc(0);
    const look = (): void => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      heard = heard.byteLength === 0 ? bytes : Buffer.concat([heard, bytes]);
      const spoken = spokenIn(heard);
      if (spoken === undefined) return; // Put back now, they would be news again at once, for ever.
      leave();
      socket.unshift(heard);
      enter(spoken);
    };
    const hangUp = (): void => void socket.destroy(); // It has said goodbye without a word.
    socket.on('readable', look).on('close', leave).on('end', hangUp);
  }
}
