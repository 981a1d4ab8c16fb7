import { readFileSync } from 'node:fs';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { Logger } from '@gorego/telemetry';

/** How often the file is read again. */
const everyMs = 60_000;

/** A token that somebody else renews in a file. While the file can't be read the last token stays. */
export class TokenFile implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #token: string;
  #stop: () => void = () => {};

  /** Fails if the file can't be read to begin with. */
  constructor(path: string, clock: Clock, log: Logger) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#token = this.#read();
    this.#later();
  }

  get token(): string {
    return this.#token;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #later(): void {
    this.#stop = this.#clock.after(everyMs, () => {
      try {
        this.#token = this.#read();
      } catch (reason) {
        this.#log.warn(Failure.from(reason).message);
      }
      this.#later();
    });
  }

  #read(): string {
    try {
      const token = readFileSync(this.#path, 'utf8').trim();
      if (token !== '') return token;
    } catch (reason) {
      const { code, message } = Failure.from(reason);
      throw new Failure(code, `cannot read the token in ${this.#path}: ${message}`, { cause: reason });
    }
    throw new Failure('invalid_argument', `there is no token in ${this.#path}`);
  }
}
