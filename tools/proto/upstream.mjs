// Fails unless proto/ declares what the published .proto files of the Remote Execution API declare.
//
//   upstream.mjs --ours FILE... --theirs FILE...
//
// Each FILE is a FileDescriptorSet.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSet } = require('ts-proto-descriptors');

/** In version 2.13, which is published, but not yet where Bazel fetches from. */
const newer = /\.(Get|Register)ChunkMapping/;

function main() {
  const { values } = parseArgs({
    options: {
      ours: { type: 'string', multiple: true, default: [] },
      theirs: { type: 'string', multiple: true, default: [] },
    },
  });
  const theirs = filesIn(values.theirs);
  if (theirs.size === 0) throw new Error('--theirs holds no file');
  const ours = filesIn(values.ours);
  const differences = [...theirs].flatMap(([name, file]) => compare(name, file, ours.get(name)));
  if (differences.length > 0) throw new Error(`proto/ is not as published\n${differences.join('\n')}`);
  process.stdout.write(`${theirs.size} files are as published\n`);
}

/** Files by name. Sets may hold what they import too: of that, only the API's own is compared. */
function filesIn(paths) {
  const files = paths.flatMap((path) => FileDescriptorSet.decode(readFileSync(path)).file);
  return new Map(files.filter(({ name }) => name.startsWith('build/bazel/')).map((file) => [file.name, file]));
}

/** What isn't the same in both; nothing else may be in ours but what is `newer`. */
function compare(name, theirs, ours) {
  if (ours === undefined) return [`${name} is not in proto/`];
  const published = declarations(theirs);
  const declared = declarations(ours);
  return [...new Set([...published.keys(), ...declared.keys()])]
    .filter((key) => published.get(key) !== declared.get(key) && (published.has(key) || !newer.test(key)))
    .map((key) => `${key}: published as ${published.get(key)}, in proto/ as ${declared.get(key)}`);
}

/** Everything that a file declares, and what it says of it. */
function declarations(file) {
  const all = new Map();
  for (const message of file.messageType) addMessage(all, file.package, message);
  for (const each of file.enumType) addEnum(all, file.package, each);
  for (const service of file.service)
    for (const { name, inputType, outputType, clientStreaming, serverStreaming } of service.method)
      all.set(
        `${file.package}.${service.name}.${name}`,
        `${clientStreaming ? 'stream ' : ''}${inputType} -> ${serverStreaming ? 'stream ' : ''}${outputType}`,
      );
  return all;
}

function addMessage(all, scope, message) {
  const name = `${scope}.${message.name}`;
  all.set(name, 'message');
  for (const field of message.field) all.set(`${name}.${field.name}`, describe(field, message));
  for (const { start, end } of message.reservedRange) all.set(`${name} reserves ${start} to ${end - 1}`, 'so');
  for (const reserved of message.reservedName) all.set(`${name} reserves ${reserved}`, 'so');
  for (const nested of message.nestedType) addMessage(all, name, nested);
  for (const nested of message.enumType) addEnum(all, name, nested);
}

function describe({ number, label, type, typeName, oneofIndex, proto3Optional, options }, message) {
  const oneof = proto3Optional ? undefined : message.oneofDecl[oneofIndex];
  return [
    number,
    FieldDescriptorProto_Label[label],
    typeName || FieldDescriptorProto_Type[type],
    ...(oneof === undefined ? [] : [`of ${oneof.name}`]),
    ...(proto3Optional ? ['optional'] : []),
    ...(options?.deprecated ? ['deprecated'] : []),
  ].join(' ');
}

function addEnum(all, scope, { name, value }) {
  all.set(`${scope}.${name}`, 'enum');
  for (const each of value) all.set(`${scope}.${name}.${each.name}`, String(each.number));
}

try {
  main();
} catch (error) {
  process.stderr.write(`upstream: ${error.message}\n`);
  process.exitCode = 1;
}
