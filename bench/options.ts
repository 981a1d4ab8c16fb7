import { parseArgs } from 'node:util';
import type { Plan } from './suites/suite.ts';

/** What the command line says. */
export interface Options {
  readonly only: RegExp;
  readonly servers: RegExp;
  /** Goregos to measure; none is the one whose sources these are. */
  readonly gorego: readonly { readonly name: string; readonly path: string }[];
  readonly out: string | undefined;
  readonly directory: string | undefined;
  readonly withoutH2load: boolean;
  readonly extent: Pick<Plan, 'rounds' | 'forMs' | 'warmUpMs' | 'builds' | 'storeSizes' | 'largeBlobBytes'>;
}

const usual = { rounds: 3, forMs: 1500, warmUpMs: 500, builds: 5, storeSizes: [0], largeBlobBytes: 2 ** 31 };
const quick = { rounds: 1, forMs: 500, warmUpMs: 250, builds: 1, storeSizes: [0], largeBlobBytes: 2 ** 28 };

export const helpText: string = `usage: npm run bench -- [options]

  --only PATTERN          measure what matches: unary/FindMissing, reads, memory, start-up, build, proxy, micro/digest, eviction, …
  --servers PATTERN       measure these servers
  --gorego [NAME=]PATH    measure this gorego, an executable or a checkout; may be said several times
  --rounds N              how often each is measured (${usual.rounds})
  --ms N                  how long each time (${usual.forMs})
  --quick                 one short round: whether it works, not how fast it is
  --store-sizes N,N       blobs in the stores that are opened (${usual.storeSizes})
  --without-h2load        make all calls with the rig's own client
  --out FILE              put the tables between FILE's lines <!-- bench:begin NAME --> and <!-- bench:end NAME -->
  --dir DIRECTORY         where stores are made, and removed again (the system's directory of temporary files)
`;

/** Reads the command line. Throws at what it does not know. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      servers: { type: 'string', default: '' },
      gorego: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      ms: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'store-sizes': { type: 'string' },
      'without-h2load': { type: 'boolean', default: false },
      out: { type: 'string' },
      dir: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const base = values.quick ? quick : usual;
  return {
    only: new RegExp(values.only),
    servers: new RegExp(values.servers),
    gorego: values.gorego.map(named),
    out: values.out,
    directory: values.dir,
    withoutH2load: values['without-h2load'],
    extent: {
      ...base,
      rounds: values.rounds === undefined ? base.rounds : count(values.rounds),
      forMs: values.ms === undefined ? base.forMs : count(values.ms),
      storeSizes: values['store-sizes']?.split(',').map(count) ?? base.storeSizes,
    },
  };
}

function named(said: string): { name: string; path: string } {
  const [, name = 'gorego', path = said] = /^([^=/]+)=(.+)$/.exec(said) ?? [];
  return { name, path };
}

function count(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}
