import { keys } from '@gorego/config';
import type { Tree, Untidy } from './tree.ts';

const path = 'docs/operating.md';

/** Every command that `gorego --help` names is in docs/operating.md too. */
export function commands(tree: Tree): Untidy[] {
  const named = tree.text('cmd/gorego/src/help.ts').matchAll(/^ {2}gorego ([a-z-]+)/gm);
  return Array.from(named, ([, name]) => name).flatMap((name) =>
    tree.text(path).includes(`\`gorego ${name}`) ? [] : [{ path, message: `says nothing of gorego ${name}` }],
  );
}

/** The table of keys in docs/operating.md is the schema's: every key, its variable, its default. */
export function configuration(tree: Tree): Untidy[] {
  const rows = new Map(
    Array.from(
      tree.text(path).matchAll(/^\| `([a-z_.]+)` \| `(GOREGO_[A-Z_]+)` \| (?:`([^`]*)`|unset) \|/gm),
      (row) => [row[1], row],
    ),
  );
  const wrong = keys.flatMap(({ name, variable, field }) => {
    const row = rows.get(name);
    if (row === undefined) return [`has no row for ${name}`];
    const fallback = field.show(field.default);
    const isRight = row[2] === variable && (row[3] ?? '') === fallback;
    return isRight ? [] : [`has another variable or default for ${name} than ${variable}, ${fallback || 'unset'}`];
  });
  const unknown = [...rows.keys()].filter((name) => !keys.some((key) => key.name === name));
  return [...wrong, ...unknown.map((name) => `has a row for ${name}, which is no key`)].map((message) => ({
    path,
    message,
  }));
}
