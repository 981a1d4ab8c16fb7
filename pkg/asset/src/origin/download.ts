import assert from 'node:assert/strict';
import { type Context, Scope, sleep } from '@gorego/context';
import type { DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock, Disk } from '@gorego/platform';
import type { Policy } from '../policy/policy.ts';
import { type Checksum, showIntegrity } from '../request/integrity.ts';
import type { HeaderMap } from '../request/origin-headers.ts';
import type { Spool, Spooled } from '../spool.ts';
import { fileChunks } from './file-mirror.ts';
import { follow } from './follow.ts';
import { OriginFailure } from './origin-failure.ts';
import { watched } from './watched.ts';
import type { Web } from './web.ts';

/** An origin that sends nothing for so long is given up, and the next one asked. */
const stallMsMax = 30_000;

/** Where nobody could be reached, everybody is asked once more, a little later. */
const roundsMax = 2;
const pauseMs = 500;

export interface DownloaderInit {
  readonly web: Web;
  /** The root of the file system: what of it may be read is the policy's to say. */
  readonly files: Disk;
  readonly policy: Policy;
  readonly spool: Spool;
  readonly clock: Clock;
  /** No content may be larger. */
  readonly sizeMax: number;
}

/** What to bring in, and how to know it. */
export interface Wanted {
  readonly uris: readonly string[];
  readonly headers: (index: number) => HeaderMap;
  readonly checksums: readonly Checksum[];
  readonly functionName: DigestFunctionName;
}

/** What came, and from which of the URIs. */
export interface Downloaded {
  readonly uri: string;
  readonly content: Spooled;
}

/** Brings content from where it is into the spool. */
export class Downloader {
  readonly #init: DownloaderInit;

  constructor(init: DownloaderInit) {
    this.#init = init;
  }

  /**
   * Asks one URI after the other until one gives content with a right checksum. An OriginFailure, with the URI, when
   * none does: `not_found` if nobody has it, and otherwise the first reason that is not that.
   */
  async download(ctx: Context, wanted: Wanted): Promise<Downloaded> {
    for (let round = 1; ; round++) {
      const result = await this.#round(ctx, wanted);
      if (!(result instanceof OriginFailure)) return result;
      if (result.code !== 'unavailable' || round === roundsMax) throw result;
      await sleep(ctx, this.#init.clock, pauseMs);
    }
  }

  async #round(ctx: Context, wanted: Wanted): Promise<Downloaded | OriginFailure> {
    const failures: OriginFailure[] = [];
    for (const [i, uri] of wanted.uris.entries()) {
      try {
        return { uri, content: await this.#from(ctx, uri, wanted.headers(i), wanted) };
      } catch (reason) {
        if (!(reason instanceof OriginFailure)) throw reason;
        failures.push(reason.from(uri));
        if (ctx.ended !== undefined) break; // There is no time for another.
      }
    }
    const told = failures.find(({ code }) => code !== 'not_found') ?? failures[0];
    assert(told !== undefined, 'there is a URI');
    return told.beside(failures);
  }

  async #from(ctx: Context, uri: string, headers: HeaderMap, wanted: Wanted): Promise<Spooled> {
    const { spool, sizeMax, clock } = this.#init;
    const hashes = [...new Set(wanted.checksums.map((checksum) => checksum.function))];
    using attempt = new Scope({ parent: ctx }); // Its end closes the connection, whatever that is waiting for.
    const chunks = atOrigin(ctx, watched(attempt, clock, stallMsMax, this.#chunks(attempt, uri, headers)));
    const content = await spool.fill(ctx, chunks, {
      functionName: wanted.functionName,
      hashes: hashes.includes('sha256') ? hashes : [...hashes, 'sha256'],
      sizeMax,
      tooMuch: () =>
        new OriginFailure('resource_exhausted', `more than the ${sizeMax} bytes that remote_asset.max_size allows`),
    });
    const isRight = ({ function: name, hex }: Checksum): boolean => content.hashes.get(name) === hex;
    if (wanted.checksums.length === 0 || wanted.checksums.some(isRight)) return content;
    await content[Symbol.asyncDispose]();
    const found = hashes.map((name) => showIntegrity({ function: name, hex: content.hashes.get(name) ?? '' }));
    throw new OriginFailure(
      'aborted',
      `${content.sizeBytes} bytes with the checksum ${found.join(' ')}, not ${wanted.checksums.map(showIntegrity).join(' or ')}`,
    );
  }

  async *#chunks(ctx: Context, uri: string, headers: HeaderMap): AsyncGenerator<Uint8Array> {
    const { web, files, policy, sizeMax } = this.#init;
    if (!URL.canParse(uri)) throw new Failure('not_found', 'nobody pushed it, and it is no URL');
    const url = new URL(uri);
    switch (url.protocol) {
      case 'http:':
      case 'https:': {
        await using response = await follow(ctx, web, policy, url, headers);
        const announced = Number(response.header('content-length') ?? 0);
        if (announced > sizeMax) {
          throw new Failure(
            'resource_exhausted',
            `${announced} bytes are more than the ${sizeMax} that remote_asset.max_size allows`,
          );
        }
        yield* response.body;
        return;
      }
      case 'file:':
        yield* fileChunks(files, url, policy.checkUrl(url));
        return;
      default:
        throw new Failure('not_found', `nobody pushed it, and ${url.protocol} is not fetched from`);
    }
  }
}

/** What fails while these are read is the origin's doing, or our opinion of it; what is written with them is ours. */
async function* atOrigin(ctx: Context, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (reason) {
    if (!(reason instanceof Failure) || reason.code === 'cancelled') throw reason;
    throw OriginFailure.of(ctx.ended ?? reason);
  }
}
