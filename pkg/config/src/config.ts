/** All that can be said of a goREgo: the tree of its components. */
export interface Config {
  /** `HOST:PORT` for gRPC. */
  readonly listenAddr: string;
  /** `HOST:PORT` for metrics, health and the HTTP cache; undefined is none. */
  readonly httpListenAddr: string | undefined;
  readonly localStore: {
    /** Absolute, or relative to where gorego was started. */
    readonly dir: string;
    readonly forceUpdateAtime: boolean;
  };
  readonly janitor: {
    /** Bytes. */
    readonly maxSize: number;
  };
  readonly backingCache: {
    /** `grpc://HOST:PORT` or `grpcs://HOST:PORT`; undefined is local-only. */
    readonly target: string | undefined;
  };
  readonly server: {
    /** Milliseconds. */
    readonly drainTimeout: number;
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
