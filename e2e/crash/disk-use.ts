import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a directory and everything below it take on the disk, as `du` counts. What goes meanwhile is not there. */
export async function diskUse(path: string): Promise<number> {
  let bytes = await blocksOf(path);
  const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const below = join(path, entry.name);
    bytes += entry.isDirectory() ? await diskUse(below) : await blocksOf(below);
  }
  return bytes;
}

const unitBytes = 512;

async function blocksOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  return (stats?.blocks ?? 0) * unitBytes;
}
