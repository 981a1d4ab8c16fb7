import { toWrite, validInstanceName } from '@gorego/server';
import type { Exchange } from './exchange.ts';
import { checkedKey } from './key.ts';
import type { Store } from './store.ts';
import { sendValue, storeValue } from './value-exchange.ts';

/**
 * `/v1/cache/{hash}`: Nx's self-hosted cache (its OpenAPI, "Nx custom remote cache specification"). What a hash stands for
 * never changes: to put it again is a conflict.
 */
export async function nx(exchange: Exchange, instanceName: string, hash: string, store: Store): Promise<void> {
  const instance = validInstanceName(instanceName);
  const path = `nx/${checkedKey(hash)}`;
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return sendValue(exchange, instance, path, store);
    case 'PUT': {
      toWrite(exchange, store.instances(instance)); // To who may not, it makes no difference what is here.
      const isHere = (await store.values.get(exchange, instance, path)) !== undefined;
      if (isHere) return exchange.answer(409, 'there is a record of this hash already');
      await storeValue(exchange, instance, path, store);
      return exchange.answer(200);
    }
    default:
      exchange.answer(405, '', { allow: 'GET, HEAD, PUT' });
  }
}
