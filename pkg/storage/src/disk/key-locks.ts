import { Key } from './index/key.ts';

/** One after the other, for each key: who gives a file its name, and who takes it away. */
export class KeyLocks {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const name = Key.text(key);
    const before = this.#last.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }
}
