import type { DigestFunctionName } from '@gorego/digest';

/** All that can be said of a goREgo: the tree of its components. */
export interface Config {
  /** `HOST:PORT` for gRPC. */
  readonly listenAddr: string;
  /** `HOST:PORT` for metrics, health and the HTTP cache; undefined is none. */
  readonly httpListenAddr: string | undefined;
  /** REAPI's names in lower case; undefined is every function that this machine can compute. */
  readonly digestFunctions: readonly DigestFunctionName[] | undefined;
  readonly instances: {
    /** `name`, `name/*`, which is that name and all below it, or `*`; undefined is every name. */
    readonly allow: readonly string[] | undefined;
    /** Each of these, as in `allow`, has a store of its own. */
    readonly separate: readonly string[] | undefined;
  };
  readonly writers: {
    /** As in `instances.allow`; undefined is every name. */
    readonly instances: readonly string[] | undefined;
    /** Networks, as `10.1.0.0/16`, or `none`; undefined is every network. */
    readonly networks: readonly string[] | undefined;
  };
  readonly localStore: {
    /** Absolute, or relative to where gorego was started. */
    readonly dir: string;
    readonly forceUpdateAtime: boolean;
    /** Blobs up to so many bytes share files; 0 gives each its own. */
    readonly segmentThreshold: number;
    /** What an acknowledged write survives: the end of the process, or a loss of power. */
    readonly durability: 'process' | 'power';
    /** How blobs are written down that get smaller by it. */
    readonly compression: 'off' | 'zstd';
    /** How much is hashed in the background, bytes a second; 0 is nothing. */
    readonly scrubRate: number;
  };
  readonly janitor: {
    /** Bytes. */
    readonly maxSize: number;
    /** Bytes that the file system is to have left; undefined is 5 % of it, 1 GiB at most. */
    readonly minFree: number | undefined;
    /** What goes first: what was used longest ago, or what is also cheap to make again for its size. */
    readonly policy: 'lru' | 'value';
    /** Milliseconds. What was used within them goes last. */
    readonly grace: number;
  };
  readonly backingCache: {
    /** `grpc://HOST:PORT` or `grpcs://HOST:PORT`; undefined is local-only. */
    readonly target: string | undefined;
    /** Below which every client's instance name is sent; empty is none. */
    readonly instanceName: string;
    /** Files in PEM, relative to where gorego was started. */
    readonly caFile: string | undefined;
    readonly certificateFile: string | undefined;
    readonly keyFile: string | undefined;
    /** The name that the upstream's certificate must have, if it is not the host's. */
    readonly serverName: string | undefined;
    readonly token: string | undefined;
    /** A file that holds a token, read again now and then. */
    readonly tokenFile: string | undefined;
    readonly headers: ReadonlyMap<string, string>;
    readonly connections: number;
    readonly maxConcurrentRequests: number;
    /** Milliseconds. */
    readonly existenceLease: number;
    /** Milliseconds. */
    readonly actionLease: number;
    readonly localWrite: 'sync' | 'async';
    /** How blobs go to the upstream and come from it, if it can do that. */
    readonly compression: 'off' | 'zstd';
    /** Bytes. */
    readonly window: number;
  };
  readonly remoteAsset: {
    /** Patterns of the URLs that may be fetched; undefined is none. */
    readonly allow: readonly string[] | undefined;
    /** Networks beside the public ones that may be asked, as `10.1.0.0/16`; undefined is none. */
    readonly allowNetworks: readonly string[] | undefined;
    /** Milliseconds. */
    readonly timeout: number;
    /** Bytes. */
    readonly maxSize: number;
  };
  readonly server: {
    /** `https://HOST[:PORT]`, or `*`; undefined is none. */
    readonly allowedOrigins: readonly string[] | undefined;
    /** Milliseconds. */
    readonly drainTimeout: number;
    /** Milliseconds; 0 keeps nothing. */
    readonly uploadResumeWindow: number;
  };
  readonly telemetry: {
    readonly log: {
      readonly level: LogLevel;
      readonly format: LogFormat;
    };
  };
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
/** `auto` is `pretty` on a terminal and `json` elsewhere. */
export type LogFormat = 'auto' | 'pretty' | 'json';
