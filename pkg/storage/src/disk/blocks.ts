/** Space on a disk is given in blocks of this. */
export const blockBytes = 4096;

/** What a file takes on the disk. */
export function fileDiskBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes;
}
