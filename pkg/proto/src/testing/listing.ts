import { type DescEnum, type DescField, type DescFile, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { FileOptions } from '@bufbuild/protobuf/wkt';

/** All that a file declares, a line for each thing, in the form of `golden`. */
export function listing(file: DescFile): string[] {
  const { name, package: pkg, dependency, options } = file.proto;
  const typeName = (full: string) => (full.startsWith(`${pkg}.`) ? full.slice(pkg.length + 1) : full);
  return [
    name,
    ` package ${pkg}`,
    ...dependency.map((each) => ` import ${each}`),
    ...optionListing(options),
    ...file.services.flatMap((service) => [
      ` service ${service.name}`,
      ...service.methods.map(({ name, input, output, methodKind }) => {
        const request = `${/client|bidi/.test(methodKind) ? 'stream ' : ''}${typeName(input.typeName)}`;
        const response = `${/server|bidi/.test(methodKind) ? 'stream ' : ''}${typeName(output.typeName)}`;
        return `  ${name} ${request} -> ${response}`;
      }),
    ]),
    ...file.enums.flatMap((each) => enumListing(each, typeName)),
    ...file.messages.flatMap((each) => messageListing(each, typeName)),
    ...file.extensions.map((each) => ` extension ${each.number} ${each.name}`),
  ];
}

function optionListing(options: FileOptions | undefined): string[] {
  return Object.entries(options ?? {})
    .filter(([name, value]) => !name.startsWith('$') && !Array.isArray(value))
    .map(([name, value]) => ` option ${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}=${value}`);
}

/** Types of the same package go without its name. */
type TypeName = (full: string) => string;

function enumListing(given: DescEnum, typeName: TypeName): string[] {
  return [` enum ${typeName(given.typeName)}`, ...given.values.map(({ number, name }) => `  ${number} ${name}`)];
}

function messageListing(message: DescMessage, typeName: TypeName): string[] {
  const { reservedRange, reservedName } = message.proto;
  return [
    ` message ${typeName(message.typeName)}`,
    ...reservedRange.map(({ start, end }) => `  reserved ${start}${end - start > 1 ? `-${end - 1}` : ''}`),
    ...reservedName.map((name) => `  reserved ${name}`),
    ...message.fields.map((each) => `  ${each.number} ${each.name} ${fieldType(each, typeName)}${notes(each)}`),
    ...message.nestedEnums.flatMap((each) => enumListing(each, typeName)),
    ...message.nestedMessages.flatMap((each) => messageListing(each, typeName)),
    ...message.nestedExtensions.map((each) => `  extension ${each.number} ${each.name}`),
  ];
}

function fieldType(field: DescField, typeName: TypeName): string {
  const { scalar, enum: values, message } = field;
  const type = scalar === undefined ? typeName((values ?? message)?.typeName ?? '') : scalarName(scalar);
  if (field.fieldKind === 'map') return `map<${scalarName(field.mapKey)}, ${type}>`;
  return field.fieldKind === 'list' ? `repeated ${type}` : type;
}

function notes({ oneof, deprecated, proto }: DescField): string {
  const optional = proto.proto3Optional ? ' [optional]' : '';
  const packed = Object.hasOwn(proto.options ?? {}, 'packed') ? ` [packed=${proto.options?.packed}]` : '';
  return `${optional}${oneof ? ` [oneof ${oneof.name}]` : ''}${deprecated ? ' [deprecated]' : ''}${packed}`;
}

function scalarName(type: ScalarType): string {
  return ScalarType[type].toLowerCase();
}
