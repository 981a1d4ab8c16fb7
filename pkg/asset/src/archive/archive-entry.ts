import { OriginFailure } from '../origin/origin-failure.ts';

/** One thing in an archive, as the archive says it: nothing of it has been judged. */
export type ArchiveEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly isExecutable: boolean;
      /** Read before the next entry is asked for, or not at all. */
      readonly content: AsyncIterable<Uint8Array>;
    }
  /** A symbolic link. */
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** The same file as an earlier one. */
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** An archive that is malformed, or says what we won't do. Its origin's fault. */
export function badArchive(why: string, cause?: unknown): OriginFailure {
  return new OriginFailure('aborted', `the archive ${why}`, { cause });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Names must be UTF-8: REAPI has no other. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (reason) {
    throw badArchive(
      `has a name that is not UTF-8: ${JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 200))}`,
      reason,
    );
  }
}
