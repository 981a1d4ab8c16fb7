import assert from 'node:assert/strict';
import { WireType } from './wire-reader.ts';

/** How many bytes `writeVarint` takes for `value`, a safe integer that is not negative. */
export function varintSize(value: number): number {
  assertUnsigned(value);
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes `value`, a safe integer that is not negative, and says where the next byte goes. There must be room. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  const end = at + varintSize(value);
  if (end > target.length) assert.fail(`no room for a number at byte ${at} of ${target.length}`);
  let rest = value;
  for (let i = at; i < end - 1; i++) {
    target[i] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[end - 1] = rest;
  return end;
}

/** How many bytes a bytes, string or message field takes, its header included, when its value takes `length`. */
export function lengthDelimitedSize(field: number, length: number): number {
  return varintSize(tagOf(field)) + varintSize(length) + length;
}

/**
 * What goes before a bytes, string or message value that takes `length` bytes: header and value together are the field.
 * Fields one after another are a message, so this puts a blob into a ReadResponse without copying it.
 */
export function writeLengthDelimitedHeader(field: number, length: number): Uint8Array {
  const header = new Uint8Array(lengthDelimitedSize(field, length) - length);
  writeVarint(header, writeVarint(header, 0, tagOf(field)), length);
  return header;
}

const fieldMax = 2 ** 29 - 1;

function tagOf(field: number): number {
  if (!(Number.isInteger(field) && field > 0 && field <= fieldMax)) assert.fail(`there is no field ${field}`);
  return field * 8 + WireType.bytes;
}

function assertUnsigned(value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) assert.fail(`${value} is no unsigned safe integer`);
}
