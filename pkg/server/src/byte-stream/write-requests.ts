import { Failure } from '@gorego/errors';
import { WireReader } from '@gorego/proto';
import type { Requests } from '@gorego/rpc';
import { reading } from '../method.ts';

/** Fields of WriteRequest. */
const field = { resourceName: 1, writeOffset: 2, finishWrite: 3, data: 10 } as const;

export interface WriteRequest {
  readonly resourceName: string;
  readonly writeOffset: number;
  readonly finishWrite: boolean;
  /** A view of the encoded message. */
  readonly data: Uint8Array;
}

const noData = new Uint8Array();

export function parseWriteRequest(message: Uint8Array): WriteRequest {
  return reading(() => {
    let resourceName = '';
    let writeOffset = 0;
    let finishWrite = false;
    let data: Uint8Array = noData;
    for (const reader = new WireReader(message); reader.next(); ) {
      switch (reader.field) {
        case field.resourceName:
          resourceName = reader.string();
          break;
        case field.writeOffset:
          writeOffset = reader.int64();
          break;
        case field.finishWrite:
          finishWrite = reader.varint() !== 0;
          break;
        case field.data:
          data = reader.bytes();
          break;
      }
    }
    return { resourceName, writeOffset, finishWrite, data };
  });
}

/**
 * The requests of one Write, each checked against those before it (google/bytestream, at Write): the name stays the
 * same, each offset is where the last request ended, nothing is sent past the end or after `finish_write`.
 */
export class WriteRequests {
  readonly first: WriteRequest;
  readonly #requests: AsyncIterator<Uint8Array>;
  #state: 'begun' | 'finished' | 'cut' = 'begun';
  #position: number;
  #interrupted: Failure | undefined;
  #onInterrupt: ((why: Failure) => void) | undefined;

  private constructor(first: WriteRequest, requests: AsyncIterator<Uint8Array>) {
    this.first = first;
    this.#requests = requests;
    this.#position = first.writeOffset;
  }

  /** Waits for the first request. */
  static async begin(requests: Requests): Promise<WriteRequests> {
    const iterator = requests[Symbol.asyncIterator]();
    const { done, value } = await iterator.next();
    if (done === true) throw new Failure('invalid_argument', 'a Write without any request');
    return new WriteRequests(parseWriteRequest(value), iterator);
  }

  /** Whether all data has been taken, to the request that finishes. */
  get isFinished(): boolean {
    return this.#state === 'finished';
  }

  /** Whether they ended before their time, by no fault that shows in them: another Write may go on where they end. */
  get wasCut(): boolean {
    return this.#state === 'cut';
  }

  /** Where the data that has been taken ends: the first offset, and all its bytes. */
  get position(): number {
    return this.#position;
  }

  /**
   * The data, from the first request to the one that finishes: up to `endOffset`, if that is known beforehand. It ends
   * without waiting for the client's half-close.
   */
  async *data(endOffset?: number): AsyncGenerator<Uint8Array> {
    for (let request = this.first; ; request = await this.#next()) {
      const end = this.#position + request.data.byteLength;
      if (endOffset !== undefined && end > endOffset) {
        throw new Failure('invalid_argument', `data up to byte ${end} of a blob of ${endOffset} bytes`);
      }
      this.#position = end;
      if (endOffset !== undefined && request.finishWrite && end < endOffset) {
        throw new Failure('invalid_argument', `finish_write at byte ${end} of a blob of ${endOffset} bytes`);
      }
      if (request.finishWrite) this.#state = 'finished';
      if (request.data.byteLength > 0) yield request.data;
      if (request.finishWrite) {
        return;
      }
    }
  }

  /** Fails if, by now, there is a request after the one that finished. Does not wait for one. */
  async checkNothingFollows(): Promise<void> {
    if (this.#state !== 'finished') return;
    const nothingYet = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
    const next = await Promise.race([this.#requests.next().catch(() => undefined), nothingYet]);
    if (next !== undefined && next.done !== true) {
      throw new Failure('invalid_argument', 'a request after finish_write');
    }
  }

  /** Ends them for whoever is taking the data, now or later. */
  interrupt(why: Failure): void {
    this.#interrupted = why;
    this.#onInterrupt?.(why);
  }

  async #next(): Promise<WriteRequest> {
    const { done, value } = await this.#received();
    if (done === true) {
      this.#state = 'cut';
      throw new Failure('invalid_argument', `the requests ended at byte ${this.#position} without finish_write`);
    }
    const request = parseWriteRequest(value);
    const { resourceName, writeOffset } = request;
    if (resourceName !== '' && resourceName !== this.first.resourceName) {
      throw new Failure(
        'invalid_argument',
        `the resource name changed from ${JSON.stringify(this.first.resourceName)} to ${JSON.stringify(resourceName.slice(0, 300))}`,
      );
    }
    if (writeOffset !== this.#position) {
      throw new Failure('invalid_argument', `write_offset ${writeOffset} where ${this.#position} comes next`);
    }
    return request;
  }

  async #received(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await new Promise((resolve, reject) => {
        if (this.#interrupted !== undefined) reject(this.#interrupted);
        this.#onInterrupt = reject;
        this.#requests.next().then(resolve, reject);
      });
    } catch (reason) {
      this.#state = 'cut';
      throw reason;
    }
  }
}
