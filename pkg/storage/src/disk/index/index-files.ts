import type { Disk } from '@gorego/platform';

/** What the index's files are called: `index/snapshot-0000000007`, `index/journal-0000000007`. */
export const IndexFiles = {
  directory: 'index',
  /** What is being written has this behind its name. */
  draftSuffix: '.new',

  snapshot(generation: number): string {
    return `${IndexFiles.directory}/snapshot-${padded(generation)}`;
  },

  journal(generation: number): string {
    return `${IndexFiles.directory}/journal-${padded(generation)}`;
  },

  /** The generations there are files of, ascending. */
  async list(disk: Disk): Promise<{ snapshots: readonly number[]; journals: readonly number[] }> {
    const names = (await disk.list(IndexFiles.directory)).map(({ name }) => name);
    const of = (kind: string): number[] =>
      names.flatMap((name) => {
        const [, found, generation] = /^(snapshot|journal)-([0-9]{10})$/.exec(name) ?? [];
        return found === kind ? [Number(generation)] : [];
      });
    return { snapshots: of('snapshot').sort(ascending), journals: of('journal').sort(ascending) };
  },

  /** What they all take on the disk. */
  async diskBytes(disk: Disk): Promise<number> {
    let bytes = 0;
    for (const { name } of await disk.list(IndexFiles.directory)) {
      bytes += (await disk.stat(`${IndexFiles.directory}/${name}`))?.allocatedBytes ?? 0;
    }
    return bytes;
  },

  /** Removes whatever a generation makes superfluous, and what was only half written when a crash came. */
  async removeBefore(disk: Disk, generation: number): Promise<void> {
    for (const { name } of await disk.list(IndexFiles.directory)) {
      const [, older] = /^(?:snapshot|journal)-([0-9]{10})(?:\.new)?$/.exec(name) ?? [];
      if (older !== undefined && Number(older) < generation) await disk.remove(`${IndexFiles.directory}/${name}`);
    }
  },
} as const;

const ascending = (a: number, b: number): number => a - b;

function padded(generation: number): string {
  return generation.toString().padStart(10, '0');
}
