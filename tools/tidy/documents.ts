import { dirname, join } from 'node:path/posix';
import { frontMatter } from './rules.ts';
import type { Tree, Untidy } from './tree.ts';

/** Relative links in documents lead somewhere, and folders of dated documents have their front matter. */
export function documents(tree: Tree): Untidy[] {
  const all = [...tree.paths].filter((path) => path.endsWith('.md'));
  return [
    ...all.flatMap((path) => links(tree, path)),
    ...all.flatMap((path) => dated(tree, path)),
    ...all.flatMap((path) => numbered(all, path)),
  ];
}

/** A document is known by its number: `docs/decisions/0007-…` is the only one of its folder. */
function numbered(all: readonly string[], path: string): Untidy[] {
  const [, start] = /^(docs\/[^/]+\/[0-9]{4}-)/.exec(path) ?? [];
  const isTaken = start !== undefined && all.some((other) => other < path && other.startsWith(start));
  return isTaken ? [{ path, message: 'has the number of another' }] : [];
}

function links(tree: Tree, path: string): Untidy[] {
  const prose = tree.text(path).replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target ?? '').flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const to = file === '' ? path : join(dirname(path), file).replace(/\/$/, '');
    const isThere = tree.paths.has(to) || [...tree.paths].some((other) => other.startsWith(`${to}/`));
    if (!isThere) return [{ path, message: `the link to ${target} leads nowhere` }];
    if (anchor === undefined || !to.endsWith('.md') || anchorsOf(tree.text(to)).has(anchor)) return [];
    return [{ path, message: `${to} has no heading #${anchor}` }];
  });
}

/** Headings as the usual renderers make anchors of them. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    Array.from(text.matchAll(/^#+ +(.+)$/gm), ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

function dated(tree: Tree, path: string): Untidy[] {
  const rule = frontMatter.find(({ folder }) => dirname(path) === folder);
  if (rule === undefined || path.endsWith('/README.md')) return [];
  const [, block] = /^---\n([\s\S]*?)\n---\n/.exec(tree.text(path)) ?? [];
  if (block === undefined) return [{ path, message: 'has no front matter (title, status, date)' }];
  const fields = new Map(
    block.split('\n').map((line) => [line.split(':')[0]?.trim() ?? '', line.slice(line.indexOf(':') + 1).trim()]),
  );
  const status = fields.get('status') ?? '';
  return [
    ...(fields.get('title') ? [] : [{ path, message: 'has no title' }]),
    ...(rule.status.includes(status)
      ? []
      : [{ path, message: `has status ${JSON.stringify(status)}; one of ${rule.status.join(', ')} is meant` }]),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(fields.get('date') ?? '') ? [] : [{ path, message: 'has no date (YYYY-MM-DD)' }]),
  ];
}
