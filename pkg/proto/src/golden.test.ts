import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { descriptorSet } from '../gen/descriptor-set.ts';
import { golden } from './testing/golden.ts';
import { listing } from './testing/listing.ts';

const files = [...createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptorSet, 'base64'))).files]
  .filter((file) => file.proto.package !== 'google.protobuf')
  .sort((a, b) => a.name.localeCompare(b.name));

describe('proto/', () => {
  const published = statements(golden.trim().split('\n'));
  const ours = statements(files.flatMap(listing));

  test('declares all that is published', () => {
    expect([...published].filter((each) => !ours.has(each))).toEqual([]);
  });

  test('declares nothing else', () => {
    expect([...ours].filter((each) => !published.has(each))).toEqual([]);
  });

  test('is compared with a table that is all there', () => {
    const count = (pattern: RegExp) => [...published].filter((each) => pattern.test(each)).length;
    expect({
      files: count(/^[^ ]+$/),
      services: count(/^\S+ \/ service \S+$/),
      methods: count(/ -> /),
      messages: count(/^\S+ \/ message \S+$/),
      fields: count(/ message .* \/ \d+ /),
      values: count(/ enum .* \/ \d+ /),
      reserved: count(/ reserved /),
    }).toEqual({ files: 15, services: 13, methods: 33, messages: 136, fields: 414, values: 71, reserved: 14 });
  });

  test('declares fields in ascending order: the canonical encoding, for encoders that keep to the text', () => {
    for (const message of files.flatMap(({ messages }) => messages).flatMap(withNested)) {
      const numbers = message.fields.map((each) => each.number);
      expect({ [message.typeName]: numbers }).toEqual({ [message.typeName]: numbers.toSorted((a, b) => a - b) });
    }
  });
});

/** Each line with the lines it belongs to before it: those above that are indented less. */
function statements(lines: readonly string[]): Set<string> {
  const path: string[] = [];
  return new Set(
    lines.map((line) => {
      const text = line.trimStart();
      path.length = line.length - text.length;
      path.push(text);
      return path.join(' / ');
    }),
  );
}

function withNested(message: DescMessage): DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}
