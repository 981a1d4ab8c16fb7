import { dirname, join } from 'node:path/posix';
import { layers, nodeImports } from './rules.ts';
import { importsOf, type Tree, type Untidy } from './tree.ts';

/** Sources import only what their package's layer allows, by the names packages have; and Node's modules only where a rule says so. */
export function layering(tree: Tree): Untidy[] {
  return [...tree.paths]
    .filter((path) => /^(pkg|cmd)\/[^/]+\/src\/.*\.ts$/.test(path) && !path.includes('/gen/'))
    .flatMap((path) =>
      importsOf(tree.text(path)).flatMap((to) => wrong(path, to).map((message) => ({ path, message }))),
    );
}

function wrong(path: string, to: string): string[] {
  const [, name = ''] = /^(?:pkg|cmd)\/([^/]+)\//.exec(path) ?? [];
  const layer = layers[name];
  if (layer === undefined) return [`package ${name} has no layer in tools/tidy/rules.ts`];
  const isTest = /\.test\.ts$|\/testing\//.test(path);
  if (to.startsWith('.')) {
    const isInside = join(dirname(path), to).startsWith(path.split('/').slice(0, 2).join('/'));
    if (!isInside) return [`${to} leaves the package: import it by name`];
    return to.endsWith('.ts') ? [] : [`${to} is imported without its .ts`];
  }
  if (to.startsWith('@gorego/')) {
    const [, other = '', subpath] = to.split('/');
    if (other === name) return other === 'proto' ? [] : [`${to} is this package itself`];
    if (isTest) return [];
    if (subpath === 'testing') return [`${to} is for tests`];
    return layer.may.includes(other) ? [] : [`${name} may not import ${other}`];
  }
  if (to.startsWith('node:') && !isTest) {
    const isAllowed = nodeImports.some((rule) => rule.in.test(path) && rule.may.test(to));
    return isAllowed ? [] : [`${to} is not for this file: inject it, or give it a rule in tools/tidy/rules.ts`];
  }
  return [];
}
