/** A table to print. Cells are what `shown` made, or text. */
export interface Table {
  /** What the region for it is called; see `withRegion`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences under the table. */
  readonly notes: readonly string[];
}

export function markdown({ columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const table = [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
  return notes.length === 0 ? table : `${table}\n\n${notes.map((note) => `- ${note}`).join('\n')}`;
}

/** A number with three digits that say something, or all before the point; `-` for none. */
export function shown(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  const magnitude = Math.abs(value);
  if (magnitude >= 99.95) return value.toFixed(0);
  if (magnitude >= 9.995) return value.toFixed(1);
  return value.toFixed(magnitude >= 0.9995 || magnitude === 0 ? 2 : 3);
}

/** A share, as percents: 0.123 is `12%`. */
export function percents(share: number | undefined): string {
  return share === undefined || !Number.isFinite(share) ? '-' : `${Math.round(share * 100)}%`;
}

export function mebibytes(bytes: number | undefined): string {
  return shown(bytes === undefined ? undefined : bytes / 2 ** 20);
}
