import type { Config } from './config.ts';
import { keys } from './schema.ts';
import type { Setting } from './settings.ts';

/** Where each value of a configuration came from. */
export interface Effective {
  readonly config: Config;
  /** By key name: what said it last, or `default`. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Later settings win over earlier ones; what nobody says is the default. */
export function effective(settings: readonly Setting[]): Effective {
  const byName = new Map(settings.map((setting) => [setting.key.name, setting]));
  const origins = new Map<string, string>();
  const config: Record<string, unknown> = {};
  for (const { name, path, field } of keys) {
    const setting = byName.get(name);
    origins.set(name, setting?.where ?? 'default');
    place(config, path, setting === undefined ? field.default : setting.value);
  }
  // The schema has the shape of Config, its fields the types: what was placed by it is one.
  return { config: config as unknown as Config, origins };
}

function place(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    tree[name] = value;
  } else {
    tree[name] ??= {};
    place(tree[name] as Record<string, unknown>, rest, value);
  }
}

/** The configuration as a file that would say the same, each line with where its value came from. */
export function printEffective({ config, origins }: Effective): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { name, path, field } of keys) {
    const sections = name.split('.').slice(0, -1);
    for (const [depth, section] of sections.entries()) {
      if (open[depth] === section && depth < open.length) continue;
      lines.push(`${'  '.repeat(depth)}${section}:`);
      open = [];
    }
    open = sections;
    const value = path.reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], config);
    const said = `${'  '.repeat(sections.length)}${name.split('.').at(-1)}: ${field.show(value)}`.trimEnd();
    lines.push(`${said.padEnd(48)} # ${origins.get(name)}`);
  }
  return `${lines.join('\n')}\n`;
}
