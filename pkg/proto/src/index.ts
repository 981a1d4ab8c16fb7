export { type FileDescriptor, fileDescriptors } from './file-descriptors.ts';
export { SaturatingReader } from './saturating-reader.ts';
export { type Codec, type MethodDefinition, methodPath, type ServiceDefinition } from './service.ts';
export { WireError, WireReader, WireType } from './wire-reader.ts';
export { lengthDelimitedSize, varintSize, writeLengthDelimitedHeader, writeVarint } from './wire-writer.ts';
