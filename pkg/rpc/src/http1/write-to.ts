import type { ServerResponse } from 'node:http';
import type { Context } from '@gorego/context';

/**
 * Writes a chunk, and waits until the client takes more. Fails with the context's reason when that ends. The chunk must
 * not change until `onSent` is told, which it isn't if the connection breaks before.
 */
export async function writeTo(
  ctx: Context,
  response: ServerResponse,
  chunk: Uint8Array,
  onSent?: () => void,
): Promise<void> {
  if (ctx.ended !== undefined) throw ctx.ended;
  if (response.write(chunk, (error) => void (error || onSent?.()))) return;
  await new Promise<void>((resolve, reject) => {
    const stop = ctx.onEnd((why) => {
      response.off('drain', go);
      reject(why);
    });
    const go = (): void => {
      stop();
      resolve();
    };
    response.once('drain', go);
  });
}
