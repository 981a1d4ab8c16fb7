import { statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memoryFileSystem = '/dev/shm';

/** A directory of a test's own, removed when it is disposed. In memory where there are `roomBytes`: files come in thousands. */
export async function scratchDirectory(
  roomBytes: number = 2 ** 30,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(hasRoom(memoryFileSystem, roomBytes) ? memoryFileSystem : tmpdir(), 'gorego-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function hasRoom(path: string, roomBytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= roomBytes;
  } catch {
    return false; // No such place on this system.
  }
}
