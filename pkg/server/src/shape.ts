import { Failure } from '@gorego/errors';
import { WireReader, WireType } from '@gorego/proto';

/** Which fields of a message are messages, and which of theirs, by field number. */
export interface Shape {
  readonly [field: number]: Shape;
}

/**
 * How many fields one message may have, those inside it counted. A field of two bytes becomes an object of hundreds:
 * without this, a single message as large as the transport lets through fills the memory.
 */
const fieldsMax = 500_000;

/** `invalid_argument` for a message of too many fields, seen without decoding it. Malformed bytes are a WireError. */
export function checkFields(message: Uint8Array, shape: Shape): void {
  let fields = 0;
  const count = (reader: WireReader, inside: Shape): void => {
    while (reader.next()) {
      fields++;
      if (fields > fieldsMax) throw new Failure('invalid_argument', `a message of more than ${fieldsMax} fields`);
      const inner = inside[reader.field];
      if (inner !== undefined && reader.wireType === WireType.bytes) count(reader.message(), inner);
    }
  };
  count(new WireReader(message), shape);
}
