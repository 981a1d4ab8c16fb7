import type { Tree, Untidy } from './tree.ts';

/** Tests that can't fail: `expect(…).rejects` as a statement of its own is over before anything is known. */
export function expectations(tree: Tree): Untidy[] {
  return [...tree.paths]
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) => unawaited(tree.text(path)).map((message) => ({ path, message })));
}

function unawaited(text: string): string[] {
  const code = text.replace(/^\s*\/\/.*/gm, '');
  return Array.from(code.matchAll(/^[ \t]*(expect\([^;]*?\)\s*\.(?:rejects|resolves))\b/gm)).flatMap((match) => {
    const isStatement = /[;{})]$/.test(code.slice(0, match.index).trimEnd());
    return isStatement ? [`nobody awaits ${match[1]?.replace(/\s+/g, ' ')}`] : [];
  });
}
