import { Digest } from '@gorego/digest';
import { toWrite } from '@gorego/server';
import type { Exchange } from './exchange.ts';
import type { Store } from './store.ts';
import { sendValue, storeValue } from './value-exchange.ts';
import { folder, multiStatus } from './webdav.ts';

/** Said about a value: when it was put, milliseconds since the epoch. */
const putMark = 'put-ms';

/**
 * Any path that is nothing else: what is PUT there is kept as it is, and given back. That is all that ccache, Gradle, the
 * Maven build cache and sccache's WebDAV want, each with paths of its own.
 */
export function plainValues(exchange: Exchange, store: Store): Promise<void> {
  const path = `path/${exchange.target.segments.join('/')}`;
  const { method } = exchange;
  return method === 'GET' || method === 'HEAD' ? sendValue(exchange, '', path, store) : others(exchange, path, store);
}

async function others(exchange: Exchange, path: string, store: Store): Promise<void> {
  const { segments, isFolder } = exchange.target;
  switch (exchange.method) {
    case 'PUT':
      if (segments.length === 0 || isFolder) return exchange.answer(409, 'a folder can’t be put');
      await storeValue(exchange, '', path, store, new Map([[putMark, String(store.clock.now())]]));
      return exchange.answer(201);
    case 'DELETE':
      toWrite(exchange, store.instances(''));
      await store.values.remove(exchange, '', path);
      return exchange.answer(204);
    case 'MKCOL':
      toWrite(exchange, store.instances(''));
      return exchange.answer(201); // Every folder is there; nobody need make one, and WebDAV's clients do.
    case 'PROPFIND': {
      const value = segments.length === 0 || isFolder ? undefined : await store.values.get(exchange, '', path);
      if (value !== undefined) {
        const putMs = Number(value.about.get(putMark) ?? 0);
        return multiStatus(exchange, { sizeBytes: Digest.sizeBytes(value.digest), putMs });
      }
      return segments.length === 0 || isFolder
        ? multiStatus(exchange, folder)
        : exchange.answer(404, 'nothing is kept here');
    }
    case 'OPTIONS':
      return exchange.answer(200, '', { dav: '1', allow: methods });
    default:
      exchange.answer(405, '', { allow: methods });
  }
}

const methods = 'GET, HEAD, PUT, DELETE, MKCOL, PROPFIND, OPTIONS';
