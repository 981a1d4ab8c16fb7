/** One thing that can be configured: what it may be, and what it is when nobody says. */
export interface Field<T> {
  readonly doc: string;
  readonly default: T;
  /** What it may be, in words: `a size such as 500MB or 10GiB`. */
  readonly expects: string;
  /** Reads a value from a file (string, number, boolean) or, as a string, from anywhere. Undefined if it isn't one. */
  parse(value: unknown): { readonly value: T } | undefined;
  /** The value as a person would write it. */
  show(value: T): string;
}

export function text<T extends string = string>(
  doc: string,
  fallback: T,
  { expects, isValid }: { readonly expects: string; readonly isValid: (value: string) => value is T },
): Field<T> {
  return {
    doc,
    default: fallback,
    expects,
    parse: (said) => {
      const value = said ?? ''; // A key with nothing after it says the empty text.
      return typeof value === 'string' && isValid(value) ? { value } : undefined;
    },
    show: (value) => value,
  };
}

export function oneOf<T extends string>(doc: string, fallback: T, choices: readonly T[]): Field<T> {
  const isValid = (value: string): value is T => choices.some((choice) => choice === value);
  return text(doc, fallback, { expects: `one of ${choices.join(', ')}`, isValid });
}

export function flag(doc: string, fallback: boolean): Field<boolean> {
  return {
    doc,
    default: fallback,
    expects: 'true or false',
    parse: (value) => {
      if (value === true || value === 'true') return { value: true };
      return value === false || value === 'false' ? { value: false } : undefined;
    },
    show: String,
  };
}

/** The same field, which may also be unset. */
export function optional<T>(field: Omit<Field<T>, 'default'>): Field<T | undefined> {
  return {
    ...field,
    default: undefined,
    parse: (value) => (value === null || value === '' ? { value: undefined } : field.parse(value)),
    show: (value) => (value === undefined ? '' : field.show(value)),
  };
}

/** A whole number from 1 on. */
export function count(doc: string, fallback: number): Field<number> {
  return {
    doc,
    default: fallback,
    expects: 'a whole number, 1 or more',
    parse: (value) => {
      const number = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? { value: number } : undefined;
    },
    show: String,
  };
}

/** Any of some words: a sequence in a file, `one, another` elsewhere. */
export function listOf<T extends string>(
  doc: string,
  { expects, isValid }: { readonly expects: string; readonly isValid: (word: string) => word is T },
): Omit<Field<readonly T[]>, 'default'> {
  return {
    doc,
    expects,
    parse: (said) => {
      const words: unknown[] = Array.isArray(said)
        ? said
        : String(said)
            .split(',')
            .map((word) => word.trim());
      const value = words.filter((word): word is T => typeof word === 'string' && isValid(word));
      return value.length === words.length && value.length > 0 ? { value: [...new Set(value)] } : undefined;
    },
    show: (value) => `[${value.map(plainOrQuoted).join(', ')}]`,
  };
}

/** A word as YAML takes it for itself. */
function plainOrQuoted(word: string): string {
  return /^[a-z][a-z0-9/_-]*$/.test(word) && !['true', 'false', 'null'].includes(word) ? word : JSON.stringify(word);
}

/** Something nobody should read over a shoulder. */
export function secret(doc: string): Field<string | undefined> {
  const field = text(doc, '', { expects: 'text', isValid: (value): value is string => value !== '' });
  return { ...optional(field), show: (value) => (value === undefined ? '' : '(secret)') };
}

/** Names and values: a map in a file, `name=value, name=value` elsewhere. The values may be secret. */
export function pairs(doc: string): Field<ReadonlyMap<string, string>> {
  const read = (value: unknown): Map<string, string> | undefined => {
    if (value === null || value === '') return new Map();
    const entries = typeof value === 'string' ? value.split(',').map(pairOf) : Object.entries(value ?? {});
    const isValid = entries.every(([name, text]) => /^[a-z0-9._-]+$/.test(name) && typeof text === 'string');
    return isValid && entries.length > 0 ? new Map(entries as [string, string][]) : undefined;
  };
  return {
    doc,
    default: new Map(),
    expects: 'headers, as a map or as name=value, name=value with lower-case names',
    parse: (value) => {
      const map = read(value);
      return map && { value: map };
    },
    show: (value) => Array.from(value.keys(), (name) => `${name}=(secret)`).join(', '),
  };
}

function pairOf(pair: string): [name: string, value: string | undefined] {
  const [, name = '', value] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
  return [name, value];
}

/** Bytes: a whole number of them, or a number with a unit. */
export function size(doc: string, fallback: string): Field<number> {
  return measured(doc, fallback, 'a size such as 500MB or 10GiB', sizeUnits, { bare: '' });
}

/** The bytes that a size such as `10GiB` stands for; undefined for what is none. */
export function parseSize(text: string): number | undefined {
  return size('', '0').parse(text)?.value;
}

/** Such a text for a number of bytes. */
export function printSize(bytes: number): string {
  return shown(bytes, sizeUnits);
}

/** Milliseconds: a number with a unit, or 0. */
export function duration(doc: string, fallback: string): Field<number> {
  return measured(doc, fallback, 'a duration such as 500ms, 30s, 10m or 1h', durationUnits, {});
}

const sizeUnits: Units = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const durationUnits: Units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

type Units = Readonly<Record<string, number>>;

function measured(
  doc: string,
  fallback: string,
  expects: string,
  units: Units,
  { bare }: { bare?: string },
): Field<number> {
  const parse = (value: unknown): { value: number } | undefined => {
    const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$/.exec(String(value)) ?? [];
    if (digits === undefined || unit === undefined) return undefined;
    const factor = units[unit === '' ? (bare ?? 'none') : unit];
    const total = Number(digits) === 0 ? 0 : Math.round(Number(digits) * (factor ?? Number.NaN));
    return Number.isSafeInteger(total) ? { value: total } : undefined;
  };
  const known = parse(fallback);
  if (known === undefined) throw new TypeError(`${fallback} is not ${expects}`);
  return { doc, default: known.value, expects, parse, show: (value) => shown(value, units) };
}

/** With the largest unit that divides it. */
function shown(value: number, units: Units): string {
  const [unit, factor] = Object.entries(units)
    .filter(([, factor]) => value !== 0 && value % factor === 0)
    .reduce((best, each) => (each[1] > best[1] ? each : best), ['', 1]);
  return `${value / factor}${unit}`;
}
