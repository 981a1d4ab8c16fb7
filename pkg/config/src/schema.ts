import { type DigestFunctionName, digestFunctionNames } from '@gorego/digest';
import type { Config, LogFormat, LogLevel } from './config.ts';
import { count, duration, type Field, flag, listOf, oneOf, optional, pairs, secret, size, text } from './field.ts';

/** The same tree as the configuration, with a Field for each value. */
export type Schema<Tree> = {
  readonly [Key in keyof Tree]: Tree[Key] extends ReadonlyMap<string, string> | readonly string[] | undefined
    ? Field<Tree[Key]>
    : Tree[Key] extends object
      ? Schema<Tree[Key]>
      : Field<Tree[Key]>;
};

const address = {
  expects: 'HOST:PORT',
  isValid: (value: string): value is string => /^[^\s/]*:[0-9]{1,5}$/.test(value),
};
const directory = { expects: 'a directory', isValid: (value: string): value is string => value !== '' };
const file = { expects: 'a file', isValid: (value: string): value is string => value !== '' };
const any = { expects: 'text', isValid: (_value: string): _value is string => true };
const target = {
  expects: 'grpc://HOST:PORT or grpcs://HOST:PORT',
  isValid: (value: string): value is string => /^grpcs?:\/\/[^\s/]+:[0-9]{1,5}$/.test(value),
};

const digestFunction = {
  expects: `a list of some of ${digestFunctionNames.join(', ')}`,
  isValid: (word: string): word is DigestFunctionName => digestFunctionNames.some((name) => name === word),
};

const urlPatterns = {
  expects:
    'a list of SCHEME://HOST[:PORT][/PATH], such as https://github.com, https://*.example.com:*/a or file:///srv',
  isValid: (word: string): word is string => /^(?:https?:\/\/[^/\s]|file:\/\/\/)\S*$/.test(word),
};
const origins = {
  expects: 'a list of origins such as https://builds.example.com, or *',
  isValid: (word: string): word is string => word === '*' || /^https?:\/\/[^/\s,]+$/.test(word),
};
const networks = {
  expects: 'a list of networks such as 10.1.0.0/16 or fd00::/8',
  isValid: (word: string): word is string => /^[0-9a-fA-F:.]+(?:\/[0-9]{1,3})?$/.test(word),
};
const writersNetworks = {
  expects: `${networks.expects}, or none`,
  isValid: (word: string): word is string => word === 'none' || networks.isValid(word),
};
const instancePattern = {
  expects: 'a list of instance names: team-a, team-a/* for all below it too, or * for every name',
  isValid: (word: string): word is string => /^(\*|[^*/]+(\/[^*/]+)*(\/\*)?)?$/.test(word),
};

/** Every key there is. What isn't here can't be said; what is can be said in a file, a variable and a flag. */
export const schema: Schema<Config> = {
  listenAddr: text('where gRPC clients connect', '127.0.0.1:8980', address),
  httpListenAddr: optional(text('a separate port for HTTP', '', address)),
  digestFunctions: optional(listOf('the digest functions that are offered; unset is all of them', digestFunction)),
  instances: {
    allow: optional(listOf('the instance names that are served; unset is every name', instancePattern)),
    separate: optional(listOf('instance names that have a store of their own, each of these one', instancePattern)),
  },
  writers: {
    instances: optional(listOf('the instance names that may be written to; unset is every name', instancePattern)),
    networks: optional(listOf('the networks that may write, or none; unset is every network', writersNetworks)),
  },
  localStore: {
    dir: text('the directory of the local store, tier 1', './data', directory),
    forceUpdateAtime: flag('write access times to the file system, for outside tools', false),
    segmentThreshold: size('blobs up to this size share files; 0 gives each its own', '64KiB'),
    durability: oneOf<'process' | 'power'>(
      'what an acknowledged write survives: the end of the process, or a loss of power',
      'process',
      ['process', 'power'],
    ),
    compression: oneOf<'off' | 'zstd'>('how blobs are written down that get smaller by it', 'off', ['off', 'zstd']),
    scrubRate: size('how much of what is stored is hashed again each second, to find what rotted; 0 is nothing', '0'),
  },
  janitor: {
    maxSize: size('the most that the local store may take on disk', '10GiB'),
    minFree: optional(size('what the file system is to have left; unset is 5 % of it, 1 GiB at most', '0')),
    policy: oneOf<'lru' | 'value'>(
      'what is removed first: what was used longest ago, or sooner what took little time to make for its size',
      'lru',
      ['lru', 'value'],
    ),
    grace: duration('what was used within this time is removed last', '10m'),
  },
  backingCache: {
    target: optional(text('the authoritative cache, tier 2; unset is local-only', '', target)),
    instanceName: text('put before each instance name that is sent upstream', '', any),
    caFile: optional(text('authorities to trust, in PEM, instead of the system’s', '', file)),
    certificateFile: optional(text('the certificate to show, in PEM', '', file)),
    keyFile: optional(text('the key of that certificate, in PEM', '', file)),
    serverName: optional(text('the name the upstream’s certificate must have, if not the host’s', '', any)),
    token: secret('sent as authorization: Bearer'),
    tokenFile: optional(text('a file that holds the token, read again each minute', '', file)),
    headers: pairs('sent with each request'),
    connections: count('connections that share the requests', 4),
    maxConcurrentRequests: count('requests to the upstream at once; more wait', 512),
    existenceLease: duration('how long what the upstream confirmed to have is taken to exist; 0 asks each time', '1h'),
    actionLease: duration('how long a result is answered without asking the upstream again; 0 asks each time', '0'),
    localWrite: oneOf<'sync' | 'async'>(
      'whether an upload is in tier 1 when it is acknowledged; it is upstream in any case',
      'async',
      ['sync', 'async'],
    ),
    compression: oneOf<'off' | 'zstd'>(
      'how blobs go to the upstream and come from it, where it can do that: worth it over a slow network',
      'off',
      ['off', 'zstd'],
    ),
    window: size('memory for what is streamed through, all transfers together', '64MiB'),
  },
  remoteAsset: {
    allow: optional(
      listOf('the URLs that may be fetched for clients, with all below them; unset is none', urlPatterns),
    ),
    allowNetworks: optional(listOf('networks that may be asked although they are not public', networks)),
    timeout: duration('how long one fetch may take, whatever its client says', '10m'),
    maxSize: size('the largest asset, and the most that an archive may unpack to', '4GiB'),
  },
  server: {
    drainTimeout: duration('how long calls may go on after SIGTERM', '30s'),
    allowedOrigins: optional(listOf('origins whose pages may call by gRPC-Web, beside the server’s own', origins)),
    uploadResumeWindow: duration('how long an upload that was cut off may be gone on with; 0 keeps none', '1m'),
  },
  telemetry: {
    log: {
      level: oneOf<LogLevel>('the least that is logged', 'info', ['trace', 'debug', 'info', 'warn', 'error']),
      format: oneOf<LogFormat>('auto is pretty on a terminal, json elsewhere', 'auto', ['auto', 'pretty', 'json']),
    },
  },
};

/** A value's field, with the names it goes by. */
export interface Key {
  /** `local_store.dir`: in files, and as a flag with `--` before it. */
  readonly name: string;
  /** `GOREGO_LOCAL_STORE_DIR`. */
  readonly variable: string;
  /** Where it stands in a Config. */
  readonly path: readonly string[];
  readonly field: Field<unknown>;
}

/** Every key, in the order of the schema. */
export const keys: readonly Key[] = collect(schema as Schema<object>, []);

function collect(tree: Schema<object>, path: readonly string[]): Key[] {
  return Object.entries(tree).flatMap(([name, node]: [string, Schema<object> | Field<unknown>]) => {
    const here = [...path, name];
    return 'parse' in node && typeof node.parse === 'function'
      ? [keyOf(here, node as Field<unknown>)]
      : collect(node as Schema<object>, here);
  });
}

function keyOf(path: readonly string[], field: Field<unknown>): Key {
  const name = path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)).join('.');
  return { name, variable: `GOREGO_${name.replaceAll('.', '_').toUpperCase()}`, path, field };
}
