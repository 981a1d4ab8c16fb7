import type { Problem } from './problem.ts';
import { keys } from './schema.ts';
import { merged, type Said, say } from './settings.ts';

/** A command line, taken apart. */
export interface CommandLine {
  /** What stands before, between and after the flags. */
  readonly words: readonly string[];
  /** The flags that are no keys (`help`, `config`, …), without their dashes. */
  readonly options: ReadonlyMap<string, string>;
  readonly said: Said;
}

/** Flags of their own; true if they take a value. */
const options: ReadonlyMap<string, boolean> = new Map([
  ['help', false],
  ['version', false],
  ['config', true],
  ['to', true],
  ['repair', false],
]);

const switches: ReadonlySet<string> = new Set(
  keys.filter(({ field }) => typeof field.default === 'boolean').map(({ name }) => name),
);

/**
 * Reads `--key value`, `--key=value` and, for a key that is true or false, `--key` alone. Keys may be written with
 * dashes for underscores. After `--` come words only.
 */
export function fromFlags(args: readonly string[]): CommandLine {
  const words: string[] = [];
  const found = new Map<string, string>();
  const said: Said[] = [];
  const problems: Problem[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      words.push(...rest.splice(0));
    } else if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
    } else {
      const [, dashed = '', value] = /^--?([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
      const name = shortcuts.get(dashed) ?? dashed.replaceAll('-', '_');
      const isSwitch = options.get(name) === false || switches.has(name);
      const given = value ?? (isSwitch ? 'true' : takeValue(rest));
      if (given === undefined && (options.has(name) || keys.some((key) => key.name === name))) {
        problems.push({ where: `--${name}`, message: 'a value must follow' });
      } else if (options.has(name)) {
        found.set(name, given ?? '');
      } else {
        said.push(say(name, given, `--${name}`));
      }
    }
  }
  const all = merged(said);
  return { words, options: found, said: { settings: all.settings, problems: [...problems, ...all.problems] } };
}

const shortcuts: ReadonlyMap<string, string> = new Map([
  ['h', 'help'],
  ['V', 'version'],
  ['c', 'config'],
]);

/** The next argument, unless it is a flag itself. */
function takeValue(rest: string[]): string | undefined {
  return rest[0] === undefined || rest[0].startsWith('--') ? undefined : rest.shift();
}
