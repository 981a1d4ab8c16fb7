import { dirname, join } from 'node:path/posix';
import { importsOf, type Tree, type Untidy } from './tree.ts';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Every package has what a package needs, declares what it imports and nothing else, and holds no file nobody reaches. */
export function packages(tree: Tree): Untidy[] {
  const manifests = [...tree.paths].filter((path) => /^(pkg|cmd)\/[^/]+\/package\.json$/.test(path));
  return manifests.flatMap((path) => {
    const folder = dirname(path);
    const manifest = JSON.parse(tree.text(path)) as Manifest;
    return [
      ...equipped(tree, folder, manifest),
      ...declared(tree, folder, manifest),
      ...reached(tree, folder, manifest),
    ];
  });
}

/** Bazel would go through the links in node_modules, into other packages. */
const bazelIgnore = '.bazelignore';

function equipped(tree: Tree, folder: string, { private: isPrivate }: Manifest): Untidy[] {
  const needs = ['BUILD.bazel', ...(isPrivate ? [] : ['README.md', 'src/index.ts'])];
  const missing = needs.filter((file) => !tree.paths.has(`${folder}/${file}`));
  // What is private is a program, and e2e/ runs it.
  const hasTests = isPrivate === true || sourcesOf(tree, folder).some((path) => path.endsWith('.test.ts'));
  const ignored = tree.paths.has(bazelIgnore) ? tree.text(bazelIgnore).split('\n') : [];
  return [
    ...(ignored.includes(`${folder}/node_modules`)
      ? []
      : [{ path: folder, message: `${bazelIgnore} has no line for its node_modules` }]),
    ...missing.map((file) => ({ path: folder, message: `has no ${file}` })),
    ...(hasTests ? [] : [{ path: folder, message: 'has no tests' }]),
  ];
}

/** Imports and package.json agree. */
function declared(tree: Tree, folder: string, manifest: Manifest): Untidy[] {
  const isGenerated = manifest.name === '@gorego/proto'; // Its stubs, which are not in the tree, import too.
  const needed = new Map<string, 'always' | 'in tests'>();
  for (const path of sourcesOf(tree, folder)) {
    for (const to of importsOf(tree.text(path))) {
      if (to.startsWith('.') || to.startsWith('node:')) continue;
      const name = to.split('/', to.startsWith('@') ? 2 : 1).join('/');
      if (name === manifest.name) continue;
      if (!isForTests(path, manifest)) needed.set(name, 'always');
      else if (!needed.has(name)) needed.set(name, 'in tests');
    }
  }
  const { dependencies = {}, devDependencies = {} } = manifest;
  const undeclared = [...needed].filter(
    ([name, when]) =>
      !(name in dependencies) && (when === 'always' || (!(name in devDependencies) && !fromTheRoot.has(name))),
  );
  const unused = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !needed.has(name) && !isGenerated,
  );
  const path = `${folder}/package.json`;
  return [
    ...undeclared.map(([name, when]) => ({ path, message: `${name} is imported ${when} and not declared` })),
    ...unused.map((name) => ({ path, message: `${name} is declared and never imported` })),
  ];
}

/** Tests, and what serves only them: a testing/ folder that is not exported. */
function isForTests(path: string, { exports = {} }: Manifest): boolean {
  return /\.test\.ts$/.test(path) || (/\/testing\//.test(path) && !('./testing' in exports));
}

/** What every package's tests have from the workspace's own package.json. */
const fromTheRoot: ReadonlySet<string> = new Set(['@jest/globals', 'fast-check']);

/** Every source is reached from an export, a program, or a test. */
function reached(tree: Tree, folder: string, { exports = {} }: Manifest): Untidy[] {
  const sources = sourcesOf(tree, folder);
  const roots = [
    ...Object.values(exports).map((conditions) => join(folder, conditions['gorego-source'] ?? '')),
    ...sources.filter((path) => /\/(main|simulate|child-main)\.ts$/.test(path)),
    ...sources.filter((path) => path.endsWith('.test.ts')),
  ];
  const found = new Set(roots);
  for (const path of found) {
    if (!tree.paths.has(path)) continue;
    const spawned = Array.from(tree.text(path).matchAll(/new URL\(\s*['"]([^'"]+\.ts)['"]/g), ([, to]) => to ?? '');
    for (const to of [...importsOf(tree.text(path)), ...spawned]) {
      if (to.startsWith('.')) found.add(join(dirname(path), to));
    }
  }
  return sources.filter((path) => !found.has(path)).map((path) => ({ path, message: 'nothing imports this file' }));
}

function sourcesOf(tree: Tree, folder: string): string[] {
  return [...tree.paths].filter((path) => path.startsWith(`${folder}/src/`) && path.endsWith('.ts'));
}

/** Every third-party dependency has its line in docs/dependencies.md, is pinned, and every line has its dependency. */
export function dependencies(tree: Tree): Untidy[] {
  const path = 'docs/dependencies.md';
  if (!tree.paths.has(path)) return [{ path, message: 'is missing' }];
  const manifests = [...tree.paths].filter(
    (name) => /(^|\/)package\.json$/.test(name) && !name.startsWith('examples/'),
  );
  const used = new Map<string, string>();
  const untidy: Untidy[] = [];
  for (const manifest of manifests) {
    const {
      dependencies = {},
      devDependencies = {},
      optionalDependencies = {},
    } = JSON.parse(tree.text(manifest)) as Manifest;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      if (!/^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$/.test(version)) {
        untidy.push({ path: manifest, message: `${name} is not pinned: ${version}` });
      }
      if (!name.startsWith('@gorego/')) used.set(name, manifest);
    }
  }
  const listed = new Set(Array.from(tree.text(path).matchAll(/^\| `([^`]+)` \|/gm), ([, name]) => name ?? ''));
  for (const [name, manifest] of used) {
    if (!listed.has(name)) untidy.push({ path, message: `says nothing of ${name}, which ${manifest} uses` });
  }
  for (const name of listed) if (!used.has(name)) untidy.push({ path, message: `lists ${name}, which nothing uses` });
  return untidy;
}
