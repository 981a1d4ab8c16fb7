import type { Chunker, Cutter } from './chunker.ts';
import { GearScanner, gearWindowBytes } from './gear-scanner.ts';
import { gearTable } from './gear-table.ts';

/** As REAPI announces them (`RepMaxCdcParams`), in bytes. */
export interface RepMaxCdcParams {
  /** Chunks are from this size on to just below twice of it, unless the whole blob is smaller. At least 64. */
  readonly min: number;
  /** How far a better place to cut is looked for. */
  readonly horizon: number;
}

/**
 * RepMaxCDC. A blob is cut where the gear hash of the 64 bytes before is greatest: first of all places from the minimal
 * size to the horizon behind it; while that is too far for a chunk, again of the places that leave room for a chunk
 * before the one just found. Of equal places the first counts.
 */
export function repMaxCdc({ min, horizon }: RepMaxCdcParams): Chunker {
  if (min < gearWindowBytes || horizon < 0) throw new RangeError(`no parameters of RepMaxCDC: ${min}, ${horizon}`);
  const scanner = new GearScanner(gearTable());
  const windowBytes = 2 * min + horizon;
  return { windowBytes, begin: () => new RepMaxCutter(scanner, min, windowBytes) };
}

/**
 * All that the rule above can ever choose from are places whose hash is greater than every one before: few of many. They
 * are found in one go over the bytes, and nearly every byte is hashed once.
 */
class RepMaxCutter implements Cutter {
  readonly #scanner: GearScanner;
  readonly #min: number;
  readonly #windowBytes: number;
  /** Those places, each as how far it is from the start of the chunk; none while nothing of it has been hashed. */
  #records: number[] = [];
  /** The hash at the last record. */
  #greatest = 0n;
  /** Up to where places were looked at, and the hash there. */
  #position = 0;
  #hash = 0n;
  /** Sizes of the next chunks that nothing can change any more. */
  #decided: number[] = [];

  constructor(scanner: GearScanner, min: number, windowBytes: number) {
    this.#scanner = scanner;
    this.#min = min;
    this.#windowBytes = windowBytes;
  }

  next(bytes: Uint8Array): number {
    const decided = this.#decided.shift();
    if (decided !== undefined) return decided;
    const available = Math.min(bytes.byteLength, this.#windowBytes);
    if (available < 2 * this.#min) return available;
    const last = available - this.#min; // The rest, too, is to be a chunk.
    if (this.#look(bytes, last)) return this.#decideAll();
    return this.#decideOne(bytes);
  }

  /** Finds records until there is a last one, or none up to `last`. Says whether no better place can matter. */
  #look(bytes: Uint8Array, last: number): boolean {
    if (this.#records.length === 0) this.#begin(bytes);
    for (;;) {
      const record = this.#records.at(-1) as number;
      // A better place from there on leaves room for a chunk, and this record remains the best before it.
      const enough = record + this.#min - 1;
      if (!this.#findRecord(bytes, Math.min(enough, last))) return enough <= last;
    }
  }

  /** Hashes up to the first place, which is always a record. */
  #begin(bytes: Uint8Array): void {
    this.#hash = this.#hashAt(bytes, this.#min);
    this.#greatest = this.#hash;
    this.#position = this.#min;
    this.#records = [this.#min];
  }

  #findRecord(bytes: Uint8Array, end: number): boolean {
    this.#scanner.hash = this.#hash;
    const found = this.#scanner.untilGreater(bytes, this.#position, end, this.#greatest);
    this.#hash = this.#scanner.hash;
    this.#position = found === undefined ? Math.max(this.#position, end) : found + 1;
    if (found === undefined) return false;
    this.#greatest = this.#hash;
    this.#records.push(found + 1);
    return true;
  }

  /** Cuts at the last record, and before it as it must be. */
  #decideAll(): number {
    const cuts = this.#cuts();
    this.#records = [];
    this.#decided = cuts.map((cut, i) => cut - (cuts[i - 1] ?? 0));
    return this.#decided.shift() as number;
  }

  /** Cuts so that the last record can still be cut at, and keeps what is known of the places behind. */
  #decideOne(bytes: Uint8Array): number {
    const cut = this.#cuts()[0] as number;
    const rest = bytes.subarray(cut);
    const kept = this.#records.map((record) => record - cut).filter((record) => record >= this.#min);
    this.#records = kept[0] === undefined ? [] : [...this.#recordsBefore(rest, kept[0]), ...kept];
    this.#position -= cut;
    return cut;
  }

  /** Records that were none while places before them counted which now don't. */
  #recordsBefore(bytes: Uint8Array, end: number): number[] {
    if (end === this.#min) return [];
    const records = [this.#min];
    let greatest = this.#hashAt(bytes, this.#min);
    for (let at = this.#min; ; ) {
      const found = this.#scanner.untilGreater(bytes, at, end - 1, greatest);
      if (found === undefined) return records;
      greatest = this.#scanner.hash;
      at = found + 1;
      records.push(at);
    }
  }

  /** Where to cut, in ascending order, if one of the cuts is to be at the last record. */
  #cuts(): number[] {
    const cuts = [this.#records.at(-1) as number];
    for (const record of this.#records.toReversed()) {
      const [next] = cuts as [number];
      if (next < 2 * this.#min) break;
      if (record <= next - this.#min) cuts.unshift(record);
    }
    return cuts;
  }

  /** The hash at a place, which leaves the scanner there. */
  #hashAt(bytes: Uint8Array, place: number): bigint {
    this.#scanner.hash = 0n;
    this.#scanner.pass(bytes, place - gearWindowBytes, place);
    return this.#scanner.hash;
  }
}
