import assert from 'node:assert/strict';
import { codeNames } from '@gorego/errors';
import { methodPath, SaturatingReader, type ServiceDefinition } from '@gorego/proto';
import {
  ActionCacheDefinition as ac,
  CapabilitiesDefinition as caps,
  ContentAddressableStorageDefinition as cas,
  ServerCapabilities,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { RawClient, type RawHeaders } from '@gorego/rpc/testing';
import type { DigestMessage } from '../../wire-digest.ts';
import type { Subject } from './suite.ts';

export type CodeName = (typeof codeNames)[number];

/** What a request of a method may be made from, and what it is answered with. */
type RequestOf<S extends ServiceDefinition, M extends keyof S['methods']> = S['methods'][M]['requestType'] extends {
  fromPartial(partial: infer Partial): unknown;
}
  ? Partial
  : never;
type ResponseOf<S extends ServiceDefinition, M extends keyof S['methods']> = ReturnType<
  S['methods'][M]['responseType']['decode']
>;

/** What a client that says nothing of it accepts: every case asserts GEN-10 by the way. */
const receiveBytesMax = 4 * 1024 * 1024;

/** No call of a case takes near as long: what hangs fails. */
const patienceMs = 60_000;

/** A REAPI client of one connection, that knows what its server may answer. */
export class Reapi implements Disposable {
  readonly subject: Subject;
  readonly raw: RawClient;

  /** Each call has `deadlineMs` to be answered in. */
  constructor(subject: Subject, deadlineMs: number = patienceMs) {
    this.subject = subject;
    this.raw = new RawClient(subject.address, { 'grpc.max_receive_message_length': receiveBytesMax }, deadlineMs);
  }

  get isStrict(): boolean {
    return this.subject.mode === 'strict';
  }

  /** Waits how a call ends: as we say it should, or, in fair mode, in one of the other ways the API allows. */
  async ends(call: Promise<unknown>, ours: CodeName, ...orFairly: CodeName[]): Promise<CodeName> {
    return this.endsInAny(call, ours, ...(this.isStrict ? [] : orFairly));
  }

  /** The same for what may end in any of these ways, whoever the server is. */
  async endsInAny(call: Promise<unknown>, ...allowed: CodeName[]): Promise<CodeName> {
    const [code, details] = await call.then(
      () => ['ok', ''] as const,
      (reason: unknown) => [codeOf(reason), String(reason)] as const,
    );
    assert(allowed.includes(code), `expected ${allowed.join(' or ')}, got ${code} ${details}`);
    return code;
  }

  async unary<S extends ServiceDefinition, M extends keyof S['methods'] & string>(
    service: S,
    method: M,
    request: RequestOf<S, M>,
    headers?: RawHeaders,
  ): Promise<ResponseOf<S, M>> {
    const response = await this.raw.unary(methodPath(service, method), encoded(service, method, request), headers);
    return service.methods[method]?.responseType.decode(response) as ResponseOf<S, M>;
  }

  async serverStream<S extends ServiceDefinition, M extends keyof S['methods'] & string>(
    service: S,
    method: M,
    request: RequestOf<S, M>,
    headers?: RawHeaders,
  ): Promise<ResponseOf<S, M>[]> {
    const path = methodPath(service, method);
    const responses = await this.raw.serverStream(path, encoded(service, method, request), headers);
    return responses.map((response) => service.methods[method]?.responseType.decode(response) as ResponseOf<S, M>);
  }

  async capabilities(instanceName = ''): Promise<ResponseOf<typeof caps, 'getCapabilities'>> {
    const path = methodPath(caps, 'getCapabilities');
    const response = await this.raw.unary(path, encoded(caps, 'getCapabilities', { instanceName }));
    return ServerCapabilities.decode(new SaturatingReader(response)); // Some servers' limits are 2^63 - 1.
  }

  async findMissing(
    blobDigests: readonly DigestMessage[],
    more: RequestOf<typeof cas, 'findMissingBlobs'> = {},
  ): Promise<DigestMessage[]> {
    const { missingBlobDigests } = await this.unary(cas, 'findMissingBlobs', {
      ...more,
      blobDigests: [...blobDigests],
    });
    return missingBlobDigests.map(({ hash, sizeBytes }) => ({ hash, sizeBytes }));
  }

  async has(digest: DigestMessage): Promise<boolean> {
    return (await this.findMissing([digest])).length === 0;
  }

  async read(resourceName: string, offset = 0, limit = 0, headers?: RawHeaders): Promise<Buffer> {
    const request = { resourceName, readOffset: offset, readLimit: limit };
    const responses = await this.serverStream(stream, 'read', request, headers);
    return Buffer.concat(responses.map(({ data }) => data));
  }

  /** Sends requests until there is an answer. Gives the committed size. */
  async write(requests: Iterable<RequestOf<typeof stream, 'write'>>, headers?: RawHeaders): Promise<number> {
    const { requestType, responseType } = stream.methods.write;
    const messages = (function* () {
      for (const request of requests) yield requestType.encode(requestType.fromPartial(request)).finish();
    })();
    return responseType.decode(await this.raw.clientStream(methodPath(stream, 'write'), messages, headers))
      .committedSize;
  }

  queryWriteStatus(resourceName: string, headers?: RawHeaders): Promise<ResponseOf<typeof stream, 'queryWriteStatus'>> {
    return this.unary(stream, 'queryWriteStatus', { resourceName }, headers);
  }

  getActionResult(
    actionDigest: DigestMessage,
    more: RequestOf<typeof ac, 'getActionResult'> = {},
  ): Promise<ResponseOf<typeof ac, 'getActionResult'>> {
    return this.unary(ac, 'getActionResult', { ...more, actionDigest });
  }

  updateActionResult(
    actionDigest: DigestMessage,
    actionResult: RequestOf<typeof ac, 'updateActionResult'>['actionResult'],
    more: RequestOf<typeof ac, 'updateActionResult'> = {},
  ): Promise<ResponseOf<typeof ac, 'updateActionResult'>> {
    return this.unary(ac, 'updateActionResult', { ...more, actionDigest, actionResult });
  }

  [Symbol.dispose](): void {
    this.raw[Symbol.dispose]();
  }
}

/** The name of the status a call ended with. */
export function codeOf(reason: unknown): CodeName {
  const number = reason instanceof Error && 'code' in reason ? reason.code : undefined;
  const name = typeof number === 'number' ? codeNames[number] : undefined;
  if (name === undefined) throw reason;
  return name;
}

/** A request as its method's codec writes it. */
export function encoded<S extends ServiceDefinition, M extends keyof S['methods'] & string>(
  service: S,
  method: M,
  request: RequestOf<S, M>,
): Uint8Array {
  const codec = service.methods[method]?.requestType as unknown as {
    fromPartial(partial: unknown): unknown;
    encode(message: unknown): { finish(): Uint8Array };
  };
  return codec.encode(codec.fromPartial(request)).finish();
}
