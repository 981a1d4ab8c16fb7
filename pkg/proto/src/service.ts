/** Turns messages of one type into bytes and back; every generated message is one. `decode` throws on malformed bytes. */
export interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** One method of a generated service: what it takes and gives, and which of both are streams. */
export interface MethodDefinition<Request = unknown, Response = unknown> {
  readonly name: string;
  readonly requestType: Codec<Request>;
  readonly requestStream: boolean;
  readonly responseType: Codec<Response>;
  readonly responseStream: boolean;
}

/** A generated service, such as `CapabilitiesDefinition`. Its methods go by their names in lower camel case. */
export interface ServiceDefinition {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

/** Where gRPC finds a method, as in `/google.bytestream.ByteStream/Read`. */
export function methodPath<S extends ServiceDefinition>(service: S, method: keyof S['methods'] & string): string {
  return `/${service.fullName}/${service.methods[method]?.name}`;
}
