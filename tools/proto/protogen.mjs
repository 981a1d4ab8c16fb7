// Writes TypeScript for .proto files that are compiled already: what protoc does with a plugin, without protoc.
//
//   protogen.mjs --descriptor_set FILE... [--file a/b.proto...] --out DIR
//
// The sets must hold every file named and all that those import; with no --file, every file of the sets is named. DIR
// then holds a/b.ts for each, and descriptor-set.ts with all of them. Neither depends on the order of the arguments.
// Runs on Node 20 and later, from the source tree or as a Bazel action.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { CodeGeneratorRequest, CodeGeneratorResponse, FileDescriptorProto } = require('ts-proto-descriptors');

/** Field numbers: CodeGeneratorRequest.proto_file and FileDescriptorProto.source_code_info. */
const protoFileNumber = 15;
const sourceCodeInfoNumber = 9;

/** The one place that says what ts-proto writes. */
const pluginOptions = [
  // Code that Node runs as it is: erasable types, specifiers that name files.
  'importSuffix=.ts',
  'enumsAsLiterals=true',
  'esModuleInterop=true',
  // `bytes` fields are views of what was decoded; env=node would copy each into a Buffer.
  'env=both',
  // Unsafe integers throw.
  'forceLong=number',
  // Timestamps keep their nanoseconds.
  'useDate=false',
  // A map takes any key, even __proto__.
  'useMapType=true',
  // What a newer peer has added survives decoding and encoding.
  'unknownFields=true',
  'oneof=unions-value',
  // An enum's type has only the values that have names; what is decoded may still be another number.
  'unrecognizedEnum=false',
  'useExactTypes=false',
  // Method names, kinds and codecs, for whatever transport.
  'outputServices=generic-definitions',
  'outputJsonMethods=false',
  'annotateFilesWithVersion=false',
  'emitImportedFiles=false',
];

function main() {
  const { values } = parseArgs({
    options: {
      descriptor_set: { type: 'string', multiple: true, default: [] },
      file: { type: 'string', multiple: true, default: [] },
      out: { type: 'string' },
    },
  });
  if (values.out === undefined) throw new Error('--out DIR is missing');
  const compiled = new Map(values.descriptor_set.flatMap(readDescriptorSet).map((file) => [file.name, file]));
  const named = values.file.length > 0 ? values.file : [...compiled.keys()];
  const files = withImports(named, compiled);
  for (const { name, content } of runPlugin(named, files)) write(join(values.out, name), content);
  write(join(values.out, 'descriptor-set.ts'), descriptorSetModule(files));
}

/** The files of a FileDescriptorSet. Their bytes are kept: decoding and encoding them again would change them. */
function readDescriptorSet(path) {
  return [...fieldsOf(readFileSync(path))]
    .filter((field) => field.number === 1)
    .map(({ value }) => {
      const { name, dependency } = FileDescriptorProto.decode(value);
      return { name, imports: [...dependency], bytes: value };
    });
}

/** The named files and all they import, each after its imports, else by name. */
function withImports(names, compiled) {
  const ordered = new Set();
  const visit = (name) => {
    const file = compiled.get(name);
    if (file === undefined) throw new Error(`no descriptor set holds ${name}`);
    if (ordered.has(file)) return;
    file.imports.sort().forEach(visit);
    ordered.add(file);
  };
  [...names].sort().forEach(visit);
  return [...ordered];
}

function runPlugin(named, files) {
  const request = CodeGeneratorRequest.fromPartial({ fileToGenerate: named, parameter: pluginOptions.join(',') });
  const plugin = join(dirname(require.resolve('ts-proto/package.json')), 'protoc-gen-ts_proto');
  const { error, status, stdout, stderr } = spawnSync(process.execPath, [plugin], {
    input: Buffer.concat([
      CodeGeneratorRequest.encode(request).finish(),
      ...files.map(({ bytes }) => lengthDelimited(protoFileNumber, bytes)),
    ]),
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  process.stderr.write(stderr);
  if (status !== 0) throw new Error(`ts-proto ended with status ${status}`);
  const response = CodeGeneratorResponse.decode(stdout);
  if (response.error) throw new Error(`ts-proto: ${response.error}`);
  return response.file;
}

/** Comments are left out: they are most of the bytes, and not every compiler keeps them. */
function descriptorSetModule(files) {
  const withoutComments = ({ bytes }) =>
    Buffer.concat([...fieldsOf(bytes)].filter((field) => field.number !== sourceCodeInfoNumber).map(({ raw }) => raw));
  const set = Buffer.concat(files.map((file) => lengthDelimited(1, withoutComments(file))));
  return `// Written by tools/proto/protogen.mjs. DO NOT EDIT.

/** A google.protobuf.FileDescriptorSet, in base64: each file after its imports, without comments. */
export const descriptorSet: string =
  '${set.toString('base64')}';
`;
}

/** The fields of a message, as they are encoded. Their values may be varints and byte strings. */
function* fieldsOf(message) {
  for (let at = 0; at < message.length; ) {
    const tag = varintAt(message, at);
    const first = varintAt(message, tag.end);
    const kind = tag.value % 8;
    if (kind !== 0 && kind !== 2) throw new Error(`a descriptor has wire type ${kind} at byte ${at}`);
    const end = kind === 2 ? first.end + first.value : first.end;
    if (end > message.length) throw new Error(`a descriptor ends before byte ${end}`);
    yield {
      number: Math.floor(tag.value / 8),
      value: message.subarray(first.end, end),
      raw: message.subarray(at, end),
    };
    at = end;
  }
}

function varintAt(message, at) {
  for (let end = at, value = 0, unit = 1; end < message.length; unit *= 128) {
    const byte = message[end++];
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return { value, end };
  }
  throw new Error('a descriptor ends inside a number');
}

function lengthDelimited(number, value) {
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

function varint(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.from([...bytes, value]);
}

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

try {
  main();
} catch (error) {
  process.stderr.write(`protogen: ${error.message}\n`);
  process.exitCode = 1;
}
