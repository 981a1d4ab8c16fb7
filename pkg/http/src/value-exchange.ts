import { toWrite } from '@gorego/server';
import type { Exchange, ResponseHeaders } from './exchange.ts';
import { ReceivedBlob } from './received-blob.ts';
import { RequestBody } from './request-body.ts';
import { sendBlob } from './send-blob.ts';
import type { Store } from './store.ts';

type About = ReadonlyMap<string, string>;

/** Answers GET or HEAD with the value at a path, with the headers that `about` makes of what is known of it; or 404. */
export async function sendValue(
  exchange: Exchange,
  instance: string,
  path: string,
  store: Store,
  headersOf: (about: About) => ResponseHeaders = () => ({}),
): Promise<void> {
  const value = await store.values.getToRead(exchange, instance, path);
  const isSent =
    value !== undefined && (await sendBlob(exchange, value.blobs, value.digest, store, headersOf(value.about)));
  tellOfLookup(exchange, isSent, store);
  if (!isSent) exchange.answer(404, 'nothing is kept here');
}

/** A hit or a miss is what GET finds or doesn't: HEAD is for who wants to know whether to PUT. */
export function tellOfLookup({ method, caller }: Exchange, isFound: boolean, { activity }: Store): void {
  if (method !== 'GET') return;
  if (isFound) activity.hit(caller);
  else activity.miss(caller);
}

/** Keeps the request's body at a path, if who sends it may write. What to answer is the caller's to say. */
export async function storeValue(
  exchange: Exchange,
  instance: string,
  path: string,
  store: Store,
  about?: About,
): Promise<void> {
  toWrite(exchange, store.instances(instance)); // Before its body has come.
  await using received = await ReceivedBlob.from(exchange, new RequestBody(exchange, store), store.scratches);
  await store.values.put(exchange, instance, path, received, about);
  store.activity.stored(exchange.caller, received.sizeBytes);
}
