import type { HeaderField } from './header-decoder.ts';
import { staticTable } from './static-table.ts';

/** What a field takes of the table beyond its characters (RFC 7541, section 4.1). */
const fieldOverheadBytes = 32;

/** Vacant places at the front that are borne before the table is moved together. */
const vacantMax = 256;

const fixedFields: readonly HeaderField[] = staticTable.map(([name, value]) => ({ name, value, isWellFormed: true }));

/** The fields that a connection's headers may name by index: the static ones, then those sent lately, newest first. */
export class HeaderTable {
  /** Oldest first, from `#first`. */
  #fields: HeaderField[] = [];
  #first = 0;
  #bytes = 0;
  #bytesMax: number;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The field of an index, counted from 1; undefined where there is none. */
  at(index: number): HeaderField | undefined {
    if (index <= fixedFields.length) return fixedFields[index - 1];
    const place = this.#fields.length - (index - fixedFields.length);
    return place < this.#first ? undefined : this.#fields[place];
  }

  /** Adds a field, and lets go of the oldest to make room. One larger than the table empties it. */
  add(field: HeaderField): void {
    this.#fields.push(field);
    this.#bytes += bytesOf(field);
    this.#shrink();
  }

  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#shrink();
  }

  #shrink(): void {
    while (this.#bytes > this.#bytesMax) {
      this.#bytes -= bytesOf(this.#fields[this.#first] as HeaderField);
      this.#first++;
    }
    if (this.#first < vacantMax && this.#first < this.#fields.length) return;
    this.#fields = this.#fields.slice(this.#first);
    this.#first = 0;
  }
}

export function bytesOf({ name, value }: HeaderField): number {
  return name.length + value.length + fieldOverheadBytes;
}
