import type { Socket } from 'node:net';
import type { Caller } from '@gorego/context';
import type { Code } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { Headers } from './call.ts';
import type { Routes } from './route.ts';

/** Serves routes on a port until it is closed. */
export interface RpcServer {
  /** Where it listens. */
  readonly address: Address;
  /** How many calls are being answered now. */
  readonly calls: number;
  /**
   * Accepts no new connection and no new call, and lets those that are being answered finish, `graceMs` at most; what
   * is left then is cut off. Resolves when nothing is left.
   */
  close(graceMs: number): Promise<void>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RpcServerInit {
  readonly routes: Routes;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Who is calling; must not throw, whatever the headers hold. */
  readonly callerOf: (headers: Headers, peer: string) => Caller;
  readonly observer?: Observer;
  /** Who serves clients that speak HTTP/1.1 to the same port; without it they are not understood. */
  readonly http1?: Http1;
}

/** Serves HTTP/1.1 on connections that somebody else accepts. */
export interface Http1 {
  take(socket: Socket): void;
  /** Takes no more requests, and resolves when those under way are answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** Bounds on what one client can make the server hold. */
export interface Limits {
  /** The largest message accepted, bytes. Must exceed the batch limit that Capabilities announce, with its overhead. */
  readonly receiveBytesMax: number;
  /** Calls at once on one connection. Bazel wants 100. */
  readonly streamsPerConnectionMax: number;
  /** What a client may send ahead of being read, bytes: per call, and sixteen times that per connection. */
  readonly receiveWindowBytes: number;
}

export const defaultLimits: Limits = {
  receiveBytesMax: 16 * 1024 * 1024,
  streamsPerConnectionMax: 1000,
  receiveWindowBytes: 256 * 1024,
};

/** Is told what happens, as it happens. */
export interface Observer {
  /** A call was answered, or left. `failure` is what was thrown, if anything was: a bug if it is no Failure. */
  onCallEnd?(call: { path: string; caller: Caller; ms: number; code: 'ok' | Code; failure: unknown }): void;
  onConnectionEnd?(peer: string): void;
  /** Something was thrown that should not have been, outside of any call. Its connection was given up. */
  onBug?(reason: unknown): void;
}
