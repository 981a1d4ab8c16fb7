import { extname, resolve } from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { keys } from './schema.ts';
import { merged, type Said, say } from './settings.ts';

/** Where a configuration is looked for when none is named, in the directory gorego is started in. */
export const searchPlaces: readonly string[] = [
  'gorego.yaml',
  'gorego.yml',
  'gorego.json',
  '.config/gorego.yaml',
  '.config/gorego.yml',
  '.config/gorego.json',
];

/** A configuration file: its path, as it was named or found, and its text. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Finds the file; undefined when none was named and none is there. Fails as reading does when one was named. */
export async function findFile(named: string | undefined, directory: string): Promise<ConfigFile | undefined> {
  const asText = (_path: string, text: string): string => text; // Whatever it is called, it is YAML, and keeps its lines.
  const extension = extname(named ?? '') || '.yaml';
  const explorer = cosmiconfig('gorego', {
    searchPlaces: [...searchPlaces],
    loaders: { '.yaml': asText, '.yml': asText, '.json': asText, [extension]: asText, noExt: asText },
    cache: false,
  });
  const found = named === undefined ? await explorer.search(directory) : await explorer.load(resolve(directory, named));
  if (found === null) return undefined;
  return { path: found.filepath, text: found.isEmpty ? '' : String(found.config) };
}

/** What a YAML (or JSON) file says, each key with its line. */
export function fromFile({ path, text }: ConfigFile): Said {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({
      where: `${path}:${lines.linePos(pos[0]).line}`,
      message: `not YAML: ${message.split('\n')[0]}`,
    }));
    return { settings: [], problems };
  }
  if (document.contents === null) return { settings: [], problems: [] };
  return walk(document.contents, [], (node) => `${path}:${lines.linePos(node.range?.[0] ?? 0).line}`);
}

function walk(node: Node, path: readonly string[], whereOf: (node: Node) => string): Said {
  if (!isMap(node)) {
    const name = path.join('.');
    const isSection = keys.some((key) => path.length === 0 || key.name.startsWith(`${name}.`));
    if (!isSection) return say(name, isScalar(node) ? node.value : node.toJSON(), whereOf(node));
    if (isScalar(node) && node.value === null) return { settings: [], problems: [] }; // A section with nothing in it.
    const what = path.length === 0 ? 'a configuration' : `${name} is a section: it`;
    return {
      settings: [],
      problems: [{ where: whereOf(node), message: `${what} has keys, each on a line of its own` }],
    };
  }
  return merged(
    node.items.map((pair: Pair<unknown, unknown>) => {
      const key = pair.key as Node;
      const here = [...path, String(isScalar(key) ? key.value : key)];
      const name = here.join('.');
      const value = pair.value as Node | null;
      const isKey = keys.some((each) => each.name === name);
      if (isKey && isMap(value)) return say(name, value.toJSON(), whereOf(key));
      const isSection = keys.some((each) => each.name.startsWith(`${name}.`));
      if (value === null || !(isKey || isSection)) return say(name, null, whereOf(key));
      return walk(value, here, whereOf);
    }),
  );
}
