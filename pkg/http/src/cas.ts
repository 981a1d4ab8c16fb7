import { Digest } from '@gorego/digest';
import { toWrite, validInstanceName } from '@gorego/server';
import { BlobReader } from '@gorego/storage';
import type { Exchange } from './exchange.ts';
import { anySizeBytes, digestOf, hashNameOf } from './hash-names.ts';
import { ReceivedBlob } from './received-blob.ts';
import { RequestBody } from './request-body.ts';
import { sendBlob } from './send-blob.ts';
import type { Store } from './store.ts';

/** `…/cas/<hash>`: blobs by what they hash to, the same that gRPC clients have. */
export async function cas(
  exchange: Exchange,
  instanceName: string,
  rest: readonly string[],
  store: Store,
): Promise<void> {
  const instance = store.instances(validInstanceName(instanceName));
  const { blobs } = instance;
  const name = hashNameOf(rest, store.functions);
  switch (exchange.method) {
    case 'GET':
    case 'HEAD': {
      const digest = await digestOf(exchange, instanceName, name, store.sizes, store.sizeOf);
      // Of a size that nobody knows, it isn't here: if that can be told. An outage must not look like a miss.
      const asked = digest ?? Digest.of(name.functionName, name.hex, anySizeBytes);
      const mayBeHere = digest !== undefined || (await blobs.findMissing(exchange, new Set([asked]))).size === 0;
      const isSent = mayBeHere && (await sendBlob(exchange, blobs, asked, store));
      if (!isSent) exchange.answer(404, 'no blob of this hash is here');
      return;
    }
    case 'PUT': {
      toWrite(exchange, instance);
      const body = new RequestBody(exchange, store);
      const { functionName, hex } = name;
      const digest = await (async () => {
        if (body.sizeBytes !== undefined) {
          const digest = Digest.of(functionName, hex, body.sizeBytes);
          await blobs.put(exchange, digest, new BlobReader({ sizeBytes: body.sizeBytes, chunks: body.chunks() }));
          return digest;
        }
        await using received = await ReceivedBlob.from(exchange, body, store.scratches);
        const digest = Digest.of(functionName, hex, received.sizeBytes);
        await blobs.put(exchange, digest, received.open());
        return digest;
      })();
      store.activity.stored(exchange.caller, Digest.sizeBytes(digest));
      exchange.answer(200);
      return;
    }
    default:
      exchange.answer(405, '', { allow: 'GET, HEAD, PUT' });
  }
}
