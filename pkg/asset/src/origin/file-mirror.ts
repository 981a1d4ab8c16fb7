import { Failure } from '@gorego/errors';
import type { Disk } from '@gorego/platform';

const readBytes = 256 * 1024;

/**
 * The bytes of a `file:` URL, read as they are now. Only files, and none behind a link: no devices, nothing that blocks.
 * How the mirror itself is reached, whose path is that of a URL too, is for who configured it.
 */
export async function* fileChunks(root: Disk, url: URL, mirror: string): AsyncGenerator<Uint8Array> {
  const path = pathOf(url);
  for (const folder of foldersBetween(mirror.split('/').filter(Boolean).length, path)) {
    const stat = await root.stat(folder);
    if (stat !== undefined && stat.kind !== 'directory') {
      throw new Failure('permission_denied', `/${folder} is not a plain directory`);
    }
  }
  const stat = await root.stat(path);
  if (stat === undefined) throw new Failure('not_found', `there is no file ${url.pathname}`);
  if (stat.kind !== 'file') throw new Failure('permission_denied', `${url.pathname} is not a plain file`);
  const file = await root.open(path);
  if (file === undefined) throw new Failure('not_found', `there is no file ${url.pathname}`);
  try {
    for (let at = 0; ; ) {
      const bytes = Buffer.allocUnsafe(readBytes);
      const filled = await file.read(bytes, at);
      if (filled > 0) yield bytes.subarray(0, filled);
      if (filled < readBytes) return;
      at += filled;
    }
  } finally {
    await file.close();
  }
}

/** The folders that lead to a path, but for the first so many. */
function foldersBetween(count: number, path: string): readonly string[] {
  const names = path.split('/');
  return names.flatMap((_, i) => (i > count && names[i] !== '' ? [names.slice(0, i).join('/')] : []));
}

/** Relative to the root. */
function pathOf({ pathname, host }: URL): string {
  if (host !== '') throw new Failure('permission_denied', `file://${host} is not this machine`);
  const path = decoded(pathname)?.replace(/^\/+/, '');
  if (path === undefined || path.includes('\0'))
    throw new Failure('not_found', `${pathname} is not the path of a file`);
  return path;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
