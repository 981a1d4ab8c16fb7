import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { validInstanceName } from '@gorego/server';
import { bytesOf } from '@gorego/storage';
import type { Exchange, ResponseHeaders } from './exchange.ts';
import { checkedKey } from './key.ts';
import { ReceivedBlob } from './received-blob.ts';
import { RequestBody } from './request-body.ts';
import type { Store } from './store.ts';
import { sendValue, storeValue } from './value-exchange.ts';

/** What a client says of an artifact and wants to hear again: its signature, and how long it took to make. */
const tag = 'x-artifact-tag';
const duration = 'x-artifact-duration';

/** A question about many artifacts. */
const questionBytesMax = 256 * 1024;
const questionHashesMax = 1000;

/** `/v8/artifacts/…`: Turborepo's remote cache API. Each team, by `teamId` or `slug`, has artifacts of its own. */
export async function turborepo(
  exchange: Exchange,
  instanceName: string,
  name: string | undefined,
  store: Store,
): Promise<void> {
  exchange.failureJson = (code, message) => ({ error: { code, message } });
  const instance = validInstanceName(instanceName);
  const { method } = exchange;
  if (method === 'OPTIONS') return exchange.answer(200, '', preflight);
  if (name === undefined)
    return method === 'POST' ? answerQuestion(exchange, instance, store) : refuse(exchange, 'POST');
  if (name === 'status') {
    return method === 'GET' ? exchange.answerJson(200, { status: 'enabled' }) : refuse(exchange, 'GET');
  }
  if (name === 'events') return method === 'POST' ? exchange.answerJson(200, {}) : refuse(exchange, 'POST');
  const path = pathOf(teamOf(exchange), name);
  switch (method) {
    case 'GET':
    case 'HEAD':
      return sendValue(exchange, instance, path, store, headersOf);
    case 'PUT': {
      const said = [tag, duration].map((header): [string, string] => [header, exchange.header(header) ?? '']);
      await storeValue(exchange, instance, path, store, new Map(said.filter(([, value]) => value !== '')));
      return exchange.answerJson(202, { urls: [exchange.request.url ?? ''] });
    }
    default:
      refuse(exchange, 'GET, HEAD, PUT');
  }
}

/** What is there of many artifacts: its size, and what was said of it; null for what isn't there. */
async function answerQuestion(exchange: Exchange, instance: string, store: Store): Promise<void> {
  const body = new RequestBody(exchange, { ...store, bytesMax: questionBytesMax });
  await using received = await ReceivedBlob.from(exchange, body, store.scratches);
  const hashes = hashesIn(await bytesOf(received.open(), questionBytesMax));
  const team = teamOf(exchange);
  const found: [string, unknown][] = [];
  for (const hash of hashes) {
    const value = await store.values.get(exchange, instance, pathOf(team, hash));
    const artifact = value && {
      size: Digest.sizeBytes(value.digest),
      taskDurationMs: Number(value.about.get(duration)) || 0,
      ...(value.about.has(tag) && { tag: value.about.get(tag) }),
    };
    found.push([hash, artifact ?? null]);
  }
  exchange.answerJson(200, Object.fromEntries(found));
}

function hashesIn(body: Uint8Array): readonly string[] {
  let question: unknown;
  try {
    question = JSON.parse(Buffer.from(body).toString());
  } catch (reason) {
    throw new Failure('invalid_argument', 'the body is not JSON', { cause: reason });
  }
  const hashes: unknown = typeof question === 'object' && question !== null && Reflect.get(question, 'hashes');
  if (!Array.isArray(hashes) || !hashes.every((hash) => typeof hash === 'string')) {
    throw new Failure('invalid_argument', 'the body must be {"hashes": […]}');
  }
  if (hashes.length > questionHashesMax) {
    throw new Failure('invalid_argument', `${hashes.length} hashes; ${questionHashesMax} are the most`);
  }
  return hashes;
}

function teamOf({ target }: Exchange): string {
  const query = new URLSearchParams(target.query);
  return query.get('teamId') ?? query.get('slug') ?? '';
}

function pathOf(team: string, hash: string): string {
  return `turborepo/${encodeURIComponent(team)}/${checkedKey(hash)}`;
}

function headersOf(about: ReadonlyMap<string, string>): ResponseHeaders {
  return Object.fromEntries(about);
}

function refuse(exchange: Exchange, allow: string): void {
  exchange.answer(405, '', { allow });
}

/** For clients told to ask before (`preflight`): they send their token only where this allows it. */
const preflight = {
  'access-control-allow-methods': 'GET, HEAD, PUT, POST, OPTIONS',
  'access-control-allow-headers': `authorization, content-type, user-agent, ${tag}, ${duration}`,
};
