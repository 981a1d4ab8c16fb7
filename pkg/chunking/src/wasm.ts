/**
 * As much of WebAssembly's binary format as one small module takes: code is a list of bytes, nested as it is convenient,
 * and what nests in text (blocks, loops) nests in calls.
 */
export type Code = number | readonly Code[];

/** Types of values. */
export const i32 = 0x7f;
export const i64 = 0x7e;

/** Instructions without operands of their own. */
export const op = {
  i32Add: 0x6a,
  i32Shl: 0x74,
  i32GtU: 0x4b,
  i32GeU: 0x4f,
  i64Add: 0x7c,
  i64And: 0x83,
  i64Shl: 0x86,
  i64Eqz: 0x50,
  i64GtU: 0x56,
  return: 0x0f,
} as const;

export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
export const tee = (local: number): Code => [0x22, local];
export const getGlobal = (global: number): Code => [0x23, global];
export const setGlobal = (global: number): Code => [0x24, global];
export const i32Const = (value: number): Code => [0x41, small(value)];
export const i64Const = (value: number): Code => [0x42, small(value)];

/** The byte, or the eight bytes, at an address on the stack plus `offset`. */
export const loadByte = (offset: number): Code => [0x2d, 0, small(offset)];
export const loadI64 = (offset: number): Code => [0x29, 3, small(offset)];

const noResult = 0x40;
const end = 0x0b;
export const block = (...code: Code[]): Code => [0x02, noResult, code, end];
export const loop = (...code: Code[]): Code => [0x03, noResult, code, end];
/** Runs `code` if the stack has a true value. */
export const when = (...code: Code[]): Code => [0x04, noResult, code, end];
/** To the end of the block, or the start of the loop, that many levels out. */
export const branch = (levels: number): Code => [0x0c, levels];
export const branchIf = (levels: number): Code => [0x0d, levels];

/** A function from two i32 to an i32. */
export interface Fn {
  readonly name: string;
  /** Types of its locals beside the two parameters. */
  readonly locals: readonly number[];
  readonly code: Code;
}

/** A module of functions, a memory, and mutable i64 globals, all exported. */
export function moduleOf(fns: readonly Fn[], globals: readonly string[], memoryPages: number): Uint8Array<ArrayBuffer> {
  const exports = [
    [text('memory'), 2, 0],
    ...globals.map((name, i) => [text(name), 3, i]),
    ...fns.map(({ name }, i) => [text(name), 0, i]),
  ];
  const bodies = fns.map(({ locals, code }) => sized([list(locals.map((type) => [1, type])), code, end]));
  const bytes: Code = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, [[0x60, list([i32, i32]), list([i32])]]),
    section(
      3,
      fns.map(() => 0),
    ),
    section(5, [[0, unsigned(memoryPages)]]),
    section(
      6,
      globals.map(() => [i64, 1, i64Const(0), end]),
    ),
    section(7, exports),
    section(10, bodies),
  ];
  return Uint8Array.from(flat(bytes));
}

function section(id: number, items: readonly Code[]): Code {
  return [id, sized(list(items))];
}

function list(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function sized(code: Code): Code {
  const bytes = flat(code);
  return [unsigned(bytes.length), bytes];
}

function text(name: string): Code {
  return sized([...Buffer.from(name)]);
}

function flat(code: Code): number[] {
  return typeof code === 'number' ? [code] : code.flatMap(flat);
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** A number that one byte holds whether it is read as signed or not. */
function small(value: number): number {
  if (value < 0 || value >= 0x40) throw new RangeError(`${value} takes more than a byte`);
  return value;
}
