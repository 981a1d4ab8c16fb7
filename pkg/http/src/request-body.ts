import type { Codec } from '@gorego/compression';
import { type Code, Failure } from '@gorego/errors';
import type { Exchange } from './exchange.ts';
import type { Store } from './store.ts';

/** What a client sends along: asked for only when it is read, so that a refusal before that costs nobody the transfer. */
export class RequestBody {
  /** How many bytes `chunks` will yield, if that was said: in Content-Length, or for what is encoded in X-Digest-SizeBytes. */
  readonly sizeBytes: number | undefined;
  readonly #exchange: Exchange;
  readonly #codec: Codec | undefined;
  readonly #bytesMax: number;

  /** A Refusal for a Content-Encoding other than zstd, and for more than `bytesMax`, at once if so much is announced. */
  constructor(exchange: Exchange, { bytesMax, codecs }: Pick<Store, 'bytesMax' | 'codecs'>) {
    this.#exchange = exchange;
    this.#bytesMax = bytesMax;
    const encoding = exchange.header('content-encoding') ?? 'identity';
    if (encoding !== 'identity' && encoding !== 'zstd') {
      throw new Refusal(415, 'unimplemented', `Content-Encoding ${encoding.slice(0, 100)}: it may be zstd`);
    }
    this.#codec = encoding === 'zstd' ? codecs.zstd : undefined;
    const length = exchange.header('content-length');
    const isEmpty = length === undefined && exchange.header('transfer-encoding') === undefined;
    const announced = length === undefined ? (isEmpty ? 0 : undefined) : Number(length);
    if (announced !== undefined) this.#check(announced);
    this.sizeBytes = this.#codec ? saidSize(exchange.header('x-digest-sizebytes')) : announced;
    if (this.sizeBytes !== undefined) this.#check(this.sizeBytes);
  }

  /** The bytes, decoded, as fast as they are taken. Read once. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of this.#decoded()) {
      bytes += chunk.byteLength;
      this.#check(bytes);
      if (this.sizeBytes !== undefined && bytes > this.sizeBytes) this.#mismatch(bytes);
      yield chunk;
    }
    if (this.sizeBytes !== undefined && bytes < this.sizeBytes) this.#mismatch(bytes);
  }

  #mismatch(bytes: number): never {
    throw new Failure('invalid_argument', `${bytes} bytes came where ${this.sizeBytes} were announced`);
  }

  #decoded(): AsyncIterable<Uint8Array> {
    if (this.#codec === undefined) return this.#received();
    const bytesMax = this.sizeBytes ?? Number.MAX_SAFE_INTEGER; // What is too much is noticed by `chunks`, as it comes.
    return this.#codec.decompress(this.#received(), { bytesMax });
  }

  async *#received(): AsyncGenerator<Uint8Array> {
    const { request, response } = this.#exchange;
    if (/^100-continue$/i.test(this.#exchange.header('expect') ?? '')) {
      response.writeContinue();
      response.shouldKeepAlive = !/close/i.test(this.#exchange.header('connection') ?? ''); // The server had said no, in case the body is not asked for.
    }
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
    } catch (reason) {
      throw this.#exchange.ended ?? new Failure('cancelled', 'the client left', { cause: reason });
    }
    if (!request.complete) throw new Failure('cancelled', 'the client left');
  }

  #check(bytes: number): void {
    if (bytes <= this.#bytesMax) return;
    throw new Refusal(413, 'resource_exhausted', `${bytes} bytes; ${this.#bytesMax} is the most`);
  }
}

function saidSize(header: string | undefined): number | undefined {
  return header !== undefined && /^[0-9]{1,15}$/.test(header) ? Number(header) : undefined;
}

/** A Failure with an HTTP status of its own, where that of its code would say something else. */
export class Refusal extends Failure {
  readonly status: number;

  constructor(status: number, code: Code, message: string) {
    super(code, message);
    this.status = status;
  }
}
