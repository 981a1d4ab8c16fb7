import type { Headers } from '../call.ts';
import type { HeaderField } from './hpack/header-decoder.ts';

/** A request's fields as metadata. */
export function headersOf(fields: readonly HeaderField[]): Headers {
  const text = (name: string): string | undefined => fields.find((field) => field.name === name)?.value;
  return {
    text,
    binary: (name) => {
      const [first] = text(name)?.split(',', 1) ?? []; // Several values may come in one field.
      return first === undefined ? undefined : Buffer.from(first, 'base64');
    },
  };
}
