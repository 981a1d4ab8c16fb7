/** First in, first out. */
export class Queue {
  #items: { readonly item: number; readonly order: number }[] = [];
  #at = 0;

  get front(): { readonly item: number; readonly order: number } | undefined {
    return this.#items[this.#at];
  }

  push(item: number, order: number): void {
    this.#items.push({ item, order });
  }

  shift(): void {
    this.#at++;
    if (this.#at < 4096 || this.#at * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#at);
    this.#at = 0;
  }
}
