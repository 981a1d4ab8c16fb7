import { hash } from 'node:crypto';
import type { Digest } from '@gorego/digest';

/**
 * How an ActionResult is written down: a line of text that says what it is, and the result's bytes.
 *
 *     gorego-action 1 <SHA-256 of the rest> <function:hash/size of the action> <instance name, percent-encoded>\n
 *     …
 *
 * A blob can be checked against its name; a result can't, and a protobuf cut at a field's border still parses. So the
 * record carries a hash of itself.
 */
export const ActionRecord = {
  /** Names the place of one action's result in one instance. */
  keyOf(instance: string, action: Digest): string {
    return hash('sha256', `${action}\n${instance}`, 'hex');
  },

  encode(instance: string, action: Digest, result: Uint8Array): Uint8Array {
    const identity = `${action} ${encodeURIComponent(instance)}\n`;
    return Buffer.concat([Buffer.from(`${magic}${checksum(identity, result)} ${identity}`), result]);
  },

  /** The result in a record; undefined for anything but an undamaged record of this very action. */
  decode(instance: string, action: Digest, record: Uint8Array): Uint8Array | undefined {
    const end = record.indexOf(newline);
    if (end < 0) return undefined;
    const result = record.subarray(end + 1);
    const identity = `${action} ${encodeURIComponent(instance)}\n`;
    const head = Buffer.from(record.buffer, record.byteOffset, end + 1).toString('utf8');
    return head === `${magic}${checksum(identity, result)} ${identity}` ? result : undefined;
  },
} as const;

const magic = 'gorego-action 1 ';
const newline = 0x0a;

function checksum(identity: string, result: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(identity), result]), 'hex');
}
