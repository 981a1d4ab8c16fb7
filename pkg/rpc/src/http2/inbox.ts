/** Messages of a client, for one reader, in their order, until they end or fail. */
export class Inbox<T> implements AsyncIterator<T> {
  #messages: T[] = [];
  #isEnded = false;
  #failure: { reason: unknown } | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<T>> | undefined;

  get size(): number {
    return this.#messages.length;
  }

  push(message: T): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#messages.push(message);
    else waiting.resolve({ done: false, value: message });
  }

  /** No more will come. */
  end(): void {
    this.#isEnded = true;
    this.#waiting?.resolve({ done: true, value: undefined });
  }

  /** No more can come, and what is left is worth nothing. */
  fail(reason: unknown): void {
    if (this.#isEnded && this.#messages.length === 0) return;
    this.#failure ??= { reason };
    this.#messages = [];
    this.#waiting?.reject(reason);
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }
}
