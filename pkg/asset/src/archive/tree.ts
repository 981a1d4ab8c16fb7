import type { Digest } from '@gorego/digest';
import { badArchive } from './archive-entry.ts';

export type Node =
  | { readonly kind: 'directory'; readonly children: Map<string, Node> }
  | { readonly kind: 'file'; readonly digest: Digest; readonly isExecutable: boolean }
  | { readonly kind: 'symlink'; readonly target: string };

export type Directory = Extract<Node, { readonly kind: 'directory' }>;

/** Names in one path. */
const depthMax = 256;
const nameBytesMax = 255;
const pathCharactersMax = 4096;

/** What an archive's entries make together. Whatever they are called, they are below its root. */
export class Tree {
  readonly root: Directory = { kind: 'directory', children: new Map() };

  /** Puts a node at a path, making the directories above. A later file or link replaces an earlier one. */
  put(path: string, node: Node): void {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) {
      if (node.kind === 'directory') return; // The root is there.
      throw badArchive(`has ${JSON.stringify(path)}, which is no name`);
    }
    let parent = this.root;
    for (const each of names) parent = directoryIn(parent, each, path);
    if (node.kind === 'directory') {
      directoryIn(parent, name, path);
      return;
    }
    if (parent.children.get(name)?.kind === 'directory') throw conflict(path);
    parent.children.set(name, node);
  }

  /** What is at a path, links not followed. */
  at(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of namesOf(path)) node = node?.kind === 'directory' ? node.children.get(name) : undefined;
    return node;
  }
}

function directoryIn(parent: Directory, name: string, path: string): Directory {
  const there = parent.children.get(name);
  if (there === undefined) {
    const made: Directory = { kind: 'directory', children: new Map() };
    parent.children.set(name, made);
    return made;
  }
  // A link is not followed: where it leads is not for an archive to write to.
  if (there.kind !== 'directory') throw conflict(path);
  return there;
}

function conflict(path: string): Error {
  return badArchive(`has ${JSON.stringify(path.slice(0, 200))} where there is something else already`);
}

/** The names in a path that is relative, and does not climb. */
function namesOf(path: string): string[] {
  const wrong = (why: string): Error => badArchive(`has ${JSON.stringify(path.slice(0, 200))}, ${why}`);
  if (path.length > pathCharactersMax) throw wrong(`a path of ${path.length} characters`);
  if (path.startsWith('/')) throw wrong('an absolute path');
  if (path.includes('\0')) throw wrong('a path with a NUL');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw wrong('a path that climbs');
  if (names.length > depthMax) throw wrong(`a path ${names.length} deep`);
  if (names.some((name) => Buffer.byteLength(name) > nameBytesMax))
    throw wrong(`with a name longer than ${nameBytesMax} bytes`);
  return names;
}
