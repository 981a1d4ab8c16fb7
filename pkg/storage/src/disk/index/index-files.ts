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

  /** Removes whatever a generation makes superfluous. */
  async removeBefore(disk: Disk, generation: number): Promise<void> {
    const { snapshots, journals } = await IndexFiles.list(disk);
    for (const older of snapshots) if (older < generation) await disk.remove(IndexFiles.snapshot(older));
    for (const older of journals) if (older < generation) await disk.remove(IndexFiles.journal(older));
  },
} as const;

const ascending = (a: number, b: number): number => a - b;

function padded(generation: number): string {
  return generation.toString().padStart(10, '0');
}
