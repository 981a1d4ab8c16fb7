import { descriptorSet } from '../gen/descriptor-set.ts';
import { WireReader, WireType } from './wire-reader.ts';

/** One .proto file, with what server reflection asks about it. */
export interface FileDescriptor {
  /** As others import it, such as `google/rpc/status.proto`. */
  readonly name: string;
  /** Names of the files it imports. */
  readonly imports: readonly string[];
  /** Full names of its services. */
  readonly services: readonly string[];
  /** Full names of all it declares: messages, fields, oneofs, enums and their values, services, methods. */
  readonly symbols: readonly string[];
  /** A google.protobuf.FileDescriptorProto, without comments. */
  readonly encoded: Uint8Array;
}

/** All files there is generated code for, each after those it imports. Reads them anew each time: keep the answer. */
export function fileDescriptors(): FileDescriptor[] {
  return valuesOf(fieldsOf(Buffer.from(descriptorSet, 'base64')), 1).map(fileDescriptor);
}

// Field numbers of descriptor.proto: a file's own, and that of everybody's name.
const inFile = { name: 1, package: 2, imports: 3, services: 6 };
const nameNumber = 1;

/** What a kind of descriptor declares: the kinds inside it, by field number. */
interface Kind {
  readonly [fieldNumber: number]: Kind;
}
const leaf: Kind = {};
const service: Kind = { 2: leaf };
const enumeration: Kind = { 2: leaf };
const message: Kind = {
  2: leaf,
  get 3() {
    return message;
  },
  4: enumeration,
  6: leaf,
  8: leaf,
};
const file: Kind = { 4: message, 5: enumeration, 6: service, 7: leaf };

function fileDescriptor(encoded: Uint8Array): FileDescriptor {
  const fields = fieldsOf(encoded);
  const scope = textOf(fields, inFile.package);
  return {
    name: textOf(fields, inFile.name),
    imports: valuesOf(fields, inFile.imports).map(String),
    services: valuesOf(fields, inFile.services).map((each) => `${scope}.${textOf(fieldsOf(each), nameNumber)}`),
    symbols: symbolsOf(fields, file, scope),
    encoded,
  };
}

function symbolsOf(fields: Fields, kind: Kind, scope: string): string[] {
  return Object.entries(kind).flatMap(([number, inner]: [string, Kind]) =>
    valuesOf(fields, Number(number))
      .map(fieldsOf)
      .flatMap((own) => {
        const name = `${scope}.${textOf(own, nameNumber)}`;
        // An enum's values stand beside it, not below it.
        return [name, ...symbolsOf(own, inner, inner === enumeration ? scope : name)];
      }),
  );
}

/** The bytes, strings and messages in a message, by field number. */
type Fields = ReadonlyMap<number, readonly Buffer[]>;

function fieldsOf(encoded: Uint8Array): Fields {
  const fields = new Map<number, Buffer[]>();
  for (const reader = new WireReader(encoded); reader.next(); ) {
    if (reader.wireType !== WireType.bytes) continue;
    const values = fields.get(reader.field);
    if (values === undefined) fields.set(reader.field, [reader.bytes()]);
    else values.push(reader.bytes());
  }
  return fields;
}

function valuesOf(fields: Fields, number: number): readonly Buffer[] {
  return fields.get(number) ?? [];
}

function textOf(fields: Fields, number: number): string {
  return valuesOf(fields, number).join('');
}
