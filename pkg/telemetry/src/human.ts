const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes as a person reads them, decimal: `812 B`, `1.2 MB`, `96 MB`. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
