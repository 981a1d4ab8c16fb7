import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { type Key, keys } from './schema.ts';

/** One key's value as one source says it. */
export interface Setting {
  readonly key: Key;
  readonly value: unknown;
  /** `gorego.yaml:3`, `GOREGO_LISTEN_ADDR`, `--listen_addr`. */
  readonly where: string;
}

/** What one source says, and what of it can't be meant. */
export interface Said {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

const keyByName: ReadonlyMap<string, Key> = new Map(keys.map((key) => [key.name, key]));

/** What is said of the key of that name: a setting, or the problem with it. */
export function say(name: string, said: unknown, where: string): Said {
  const key = keyByName.get(name);
  if (key === undefined) return { settings: [], problems: [{ where, message: unknown(name) }] };
  const parsed = key.field.parse(said);
  if (parsed !== undefined) return { settings: [{ key, value: parsed.value, where }], problems: [] };
  const message = `${show(said)} is not ${key.field.expects}`;
  return { settings: [], problems: [{ where, key: name, message }] };
}

export function merged(all: readonly Said[]): Said {
  return { settings: all.flatMap(({ settings }) => settings), problems: all.flatMap(({ problems }) => problems) };
}

function unknown(name: string): string {
  const meant = nearest(name, keyByName.keys());
  return `there is no key ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
