import {
  block,
  branch,
  branchIf,
  type Code,
  get,
  getGlobal,
  i32Const,
  i64,
  i64Const,
  loadByte,
  loadI64,
  loop,
  moduleOf,
  op,
  set,
  setGlobal,
  tee,
  when,
} from './wasm.ts';

/** How many bytes the gear hash depends on: each byte shifts those before by one of 64 bits. */
export const gearWindowBytes = 64;

/**
 * Runs the gear hash, `hash = 2 * hash + table[byte]` in 64 bits, over bytes until it finds what is looked for.
 *
 * It is WebAssembly, which has 64-bit numbers: in numbers of 32 bits the same takes six times as long. The module is
 * made below, instruction by instruction; its memory has two pages, for the table and for the bytes that are hashed.
 */
export class GearScanner {
  /** Of the bytes so far; whoever begins elsewhere sets it to 0 first. Read as signed. */
  hash = 0n;
  readonly #wasm: Exports;
  readonly #page: Uint8Array;

  constructor(table: BigUint64Array) {
    this.#wasm = instantiate(wasm);
    const { buffer } = this.#wasm.memory;
    new BigUint64Array(buffer, 0, 256).set(table);
    this.#page = new Uint8Array(buffer, pageBytes, pageBytes);
  }

  /** Goes over [from, to) and says after which byte first no bit of `mask` is set in the hash. */
  untilMasked(bytes: Uint8Array, from: number, to: number, mask: bigint): number | undefined {
    return this.#scan(this.#wasm.untilMasked, bytes, { from, to, key: mask });
  }

  /** Goes over [from, to) and says after which byte first the hash is greater than `bound`, both without sign. */
  untilGreater(bytes: Uint8Array, from: number, to: number, bound: bigint): number | undefined {
    return this.#scan(this.#wasm.untilGreater, bytes, { from, to, key: bound });
  }

  /** Goes over [from, to) and looks for nothing. */
  pass(bytes: Uint8Array, from: number, to: number): void {
    this.untilGreater(bytes, from, to, -1n); // Nothing is greater than 64 bits that are all set.
  }

  #scan(
    scan: Scan,
    bytes: Uint8Array,
    { from, to, key }: { from: number; to: number; key: bigint },
  ): number | undefined {
    const { hash, key: keyGlobal } = this.#wasm;
    hash.value = this.hash;
    keyGlobal.value = key;
    let found: number | undefined;
    for (let at = from; at < to && found === undefined; at += pageBytes) {
      const part = bytes.subarray(at, Math.min(to, at + pageBytes));
      this.#page.set(part);
      const stopped = scan(pageBytes, pageBytes + part.byteLength) - pageBytes;
      if (stopped < part.byteLength) found = at + stopped;
    }
    this.hash = hash.value;
    return found;
  }
}

const pageBytes = 65_536;

/** How many bytes are hashed between two looks at whether there are that many. More than four gain nothing. */
const unrolled = 4;

/** Goes over the memory from `at` to `end` and gives the address of the byte where it found what it looks for, or `end`. */
type Scan = (at: number, end: number) => number;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly hash: { value: bigint };
  readonly key: { value: bigint };
  readonly untilMasked: Scan;
  readonly untilGreater: Scan;
}

const wasm = moduleOf(
  [
    { name: 'untilMasked', locals: [i64, i64], code: scanUntil(op.i64And, op.i64Eqz) },
    { name: 'untilGreater', locals: [i64, i64], code: scanUntil(op.i64GtU) },
  ],
  ['hash', 'key'],
  2,
);

/** A scan that stops when `condition` holds of the hash and the key, which are on the stack. */
function scanUntil(...condition: Code[]): Code {
  const [at, end, hash, key] = [0, 1, 2, 3];
  const [hashGlobal, keyGlobal] = [0, 1];
  const step = (ahead: number): Code => [
    [get(hash), i64Const(1), op.i64Shl],
    [get(at), loadByte(ahead), i32Const(3), op.i32Shl, loadI64(0)], // The table is at address 0.
    [op.i64Add, tee(hash), get(key), condition],
    when(get(hash), setGlobal(hashGlobal), get(at), i32Const(ahead), op.i32Add, op.return),
  ];
  const forward = (count: number): Code => [get(at), i32Const(count), op.i32Add, set(at)];
  return [
    [getGlobal(hashGlobal), set(hash), getGlobal(keyGlobal), set(key)],
    block(
      loop(
        [get(at), i32Const(unrolled), op.i32Add, get(end), op.i32GtU, branchIf(1)],
        Array.from({ length: unrolled }, (_, i) => step(i)),
        forward(unrolled),
        branch(0),
      ),
    ),
    block(loop([get(at), get(end), op.i32GeU, branchIf(1)], step(0), forward(1), branch(0))),
    [get(hash), setGlobal(hashGlobal), get(end)],
  ];
}

function instantiate(bytes: Uint8Array<ArrayBuffer>): Exports {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}

/** What is used of a global that the type definitions of Node leave out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
}
