import type { Tree, Untidy } from './tree.ts';

const source = 'pkg/telemetry/src/metrics.ts';
const page = 'docs/operating.md';

/** docs/operating.md lists every metric there is, and none that isn't. */
export function metrics(tree: Tree): Untidy[] {
  const made = namesIn(tree.text(source), /'(gorego_[a-z_]+)'/g);
  const rows = tree.text(page).match(/^\| `gorego_.*$/gm) ?? [];
  const listed = namesIn(rows.join('\n'), /`(gorego_[a-z_]+)/g);
  return [
    ...[...made.difference(listed)].map((name) => ({ path: page, message: `has no row for the metric ${name}` })),
    ...[...listed.difference(made)].map((name) => ({ path: page, message: `lists ${name}, which is no metric` })),
  ];
}

function namesIn(text: string, pattern: RegExp): Set<string> {
  return new Set(Array.from(text.matchAll(pattern), ([, name]) => name ?? ''));
}
