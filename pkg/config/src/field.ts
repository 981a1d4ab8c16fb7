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
    parse: (value) => (typeof value === 'string' && isValid(value) ? { value } : undefined),
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

/** Bytes: a whole number of them, or a number with a unit. */
export function size(doc: string, fallback: string): Field<number> {
  return measured(doc, fallback, 'a size such as 500MB or 10GiB', sizeUnits, { bare: '' });
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
