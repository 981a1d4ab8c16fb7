/** Things by number, the one of least priority first. A thing is in it once; its priority can change. */
export class Heap {
  readonly #things: number[] = [];
  readonly #priorities: Float64Array;
  /** Where each thing is, and one more; 0 is nowhere. */
  readonly #places: Uint32Array;

  constructor(things: number) {
    this.#priorities = new Float64Array(things);
    this.#places = new Uint32Array(things);
  }

  has(thing: number): boolean {
    return this.#places[thing] !== 0;
  }

  set(thing: number, priority: number): void {
    this.#priorities[thing] = priority;
    if (!this.has(thing)) {
      this.#things.push(thing);
      this.#places[thing] = this.#things.length;
    }
    this.#down(this.#up((this.#places[thing] as number) - 1));
  }

  /** Takes out the thing of least priority. */
  pop(): { readonly thing: number; readonly priority: number } | undefined {
    const thing = this.#things[0];
    if (thing === undefined) return undefined;
    const last = this.#things.pop() as number;
    this.#places[thing] = 0;
    if (last !== thing) {
      this.#put(0, last);
      this.#down(0);
    }
    return { thing, priority: this.#priorities[thing] as number };
  }

  #up(from: number): number {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= this.#at(at)) break;
      this.#swap(at, parent);
      at = parent;
    }
    return at;
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      if (left >= this.#things.length) return;
      const right = left + 1;
      const least = right < this.#things.length && this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(at) <= this.#at(least)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #at(place: number): number {
    return this.#priorities[this.#things[place] as number] as number;
  }

  #swap(one: number, other: number): void {
    const thing = this.#things[one] as number;
    this.#put(one, this.#things[other] as number);
    this.#put(other, thing);
  }

  #put(place: number, thing: number): void {
    this.#things[place] = thing;
    this.#places[thing] = place + 1;
  }
}
