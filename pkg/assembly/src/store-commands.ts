import type { Context } from '@gorego/context';
import type { Janitor } from '@gorego/janitor';
import type { Clock } from '@gorego/platform';
import type { LocalStore, Stored } from '@gorego/storage';
import { humanBytes } from '@gorego/telemetry';

/** What a store can be told to do, whether it is being served or not. */
export type StoreCommand =
  | { readonly name: 'du' }
  | { readonly name: 'verify'; readonly repair: boolean }
  | { readonly name: 'gc'; readonly toBytes: number | undefined };

/** What a command says meanwhile, and at the end. */
export type Said =
  | { readonly line: string }
  /** From 0 to 1. */
  | { readonly progress: number }
  /** The last: 0 if all is well. */
  | { readonly status: number };

export interface Kept {
  readonly store: LocalStore;
  readonly janitor: Janitor;
  readonly clock: Clock;
}

export function runStoreCommand(ctx: Context, command: StoreCommand, kept: Kept): AsyncGenerator<Said> {
  if (command.name === 'du') return du(ctx, kept);
  return command.name === 'gc' ? gc(kept, command.toBytes) : verify(ctx, kept, command.repair);
}

/** Without a size, what garbage is left of it. */
const gcShare = 0.9;

async function* gc({ store, janitor }: Kept, toBytes: number | undefined): AsyncGenerator<Said> {
  const before = store.diskBytes;
  await janitor.trim(toBytes ?? Math.min(before, janitor.limitBytes * gcShare));
  yield { line: `${humanBytes(before)} before, ${humanBytes(store.diskBytes)} now` };
  yield { status: 0 };
}

async function* verify(ctx: Context, { store }: Kept, repair: boolean): AsyncGenerator<Said> {
  const total = store.diskBytes;
  let [count, bytes, wrong] = [0, 0, 0];
  for await (const stored of store.everything(ctx)) {
    count++;
    bytes += stored.diskBytes;
    if (!(await stored.isRight())) {
      wrong++;
      if (repair) await store.checked(ctx, stored);
      yield { line: `wrong bytes: ${nameOf(stored)}${repair ? ', set aside' : ''}` };
    }
    if (count % progressEvery === 0) yield { progress: Math.min(1, bytes / total) };
  }
  yield {
    line: `${count} blobs and results, ${humanBytes(bytes)}: ${wrong === 0 ? 'nothing wrong' : `${wrong} wrong`}`,
  };
  yield { status: wrong === 0 || repair ? 0 : 1 };
}

/** Progress is told each so many blobs. */
const progressEvery = 200;

function nameOf({ kind, digest, instance }: Stored): string {
  return kind === 'blob' ? digest : `the result of ${digest}${instance === '' ? '' : ` in ${instance}`}`;
}

interface Sum {
  count: number;
  bytes: number;
}

const ages: readonly (readonly [string, number])[] = [
  ['in the last hour', 60 * 60_000],
  ['in the last day', 24 * 60 * 60_000],
  ['in the last week', 7 * 24 * 60 * 60_000],
  ['in the last month', 30 * 24 * 60 * 60_000],
  ['before', Number.POSITIVE_INFINITY],
];

/** What is stored, by what it is and by when it was used. */
async function* du(ctx: Context, { store, clock, janitor }: Kept): AsyncGenerator<Said> {
  const kinds = new Map<string, Sum>();
  const used = new Map<string, Sum>(ages.map(([name]) => [name, { count: 0, bytes: 0 }]));
  const now = clock.now();
  for await (const { kind, digest, instance, diskBytes, usedMs } of store.everything(ctx)) {
    const what =
      kind === 'blob'
        ? `blobs, ${digest.slice(0, digest.indexOf(':'))}`
        : `results${instance === '' ? '' : `, instance ${instance}`}`;
    add(kinds, what, diskBytes);
    add(used, ages.find(([, ms]) => now - usedMs < ms)?.[0] ?? 'before', diskBytes);
  }
  for (const [what, sum] of Array.from(kinds).sort(([a], [b]) => (a < b ? -1 : 1))) yield { line: row(what, sum) };
  for (const [when, sum] of used) yield { line: row(`used ${when}`, sum) };
  yield { line: `${humanBytes(store.diskBytes)} on the disk, of ${humanBytes(janitor.limitBytes)}` };
  yield { status: 0 };
}

function add(sums: Map<string, Sum>, name: string, bytes: number): void {
  const sum = sums.get(name) ?? { count: 0, bytes: 0 };
  sum.count++;
  sum.bytes += bytes;
  sums.set(name, sum);
}

function row(name: string, { count, bytes }: Sum): string {
  return `${humanBytes(bytes).padStart(8)} ${count.toString().padStart(10)}  ${name}`;
}
