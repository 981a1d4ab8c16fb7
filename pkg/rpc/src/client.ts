import type { Context } from '@gorego/context';
import type { Message } from './route.ts';

/**
 * Calls the methods of one server, whatever carries the calls. Messages are encoded.
 *
 * A call ends with its context, whose deadline travels along. What the server answers with a status, and what happens
 * to the connection, is a Failure of the same code; a context that ends is a Failure with the context's reason.
 */
export interface RpcClient {
  unary(ctx: Context, path: string, request: Message): Promise<Uint8Array>;
  /** The responses as they come, no faster than they are taken. Leaving the iteration cancels the call. */
  serverStream(ctx: Context, path: string, request: Message): AsyncIterable<Uint8Array>;
  /**
   * Sends `requests` as fast as the server takes them. A server may answer before their end: the rest is not asked for
   * then. A failure of `requests` themselves cancels the call and is thrown as it is.
   */
  clientStream(ctx: Context, path: string, requests: AsyncIterable<Message>): Promise<Uint8Array>;
}
