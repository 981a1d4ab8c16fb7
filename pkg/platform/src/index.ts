export type { Clock } from './clock.ts';
export type { Disk, DiskFile, DiskSpace, Entry, FileStat } from './disk.ts';
export { bootId } from './node/boot-id.ts';
export { DirectoryLock } from './node/directory-lock.ts';
export { weighBuffersWithHeap } from './node/heap-accounting.ts';
export { NodeDisk } from './node/node-disk.ts';
export { systemClock } from './node/system-clock.ts';
export { systemRandom } from './node/system-random.ts';
export type { Random } from './random.ts';
