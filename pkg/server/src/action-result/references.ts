import type { Context } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireError, WireReader } from '@gorego/proto';
import type { BlobStore, References } from '@gorego/storage';
import { directoryDigests } from '../cas/directory-digests.ts';
import { inGroups, readTogether, walked } from '../cas/walked.ts';
import type { DigestFunctions } from '../wire-digest.ts';

/** Fields of ActionResult, OutputFile, OutputDirectory and Tree. */
const field = {
  outputFiles: 2,
  outputDirectories: 3,
  stdoutDigest: 6,
  stderrDigest: 8,
  fileDigest: 2,
  treeDigest: 3,
  rootDirectoryDigest: 5,
  root: 1,
  children: 2,
} as const;

/** A result whose trees and directories are larger than this, together, is answered `resource_exhausted`. */
const treeBytesMax = 256 * 1024 * 1024;

/**
 * Finds every blob an ActionResult needs: its files, stdout and stderr, its trees and every file in them, and its
 * directories with all below them (REAPI, at GetActionResult). A tree or directory that is missing or malformed makes
 * the result as good as gone.
 */
export function referencesOf(functions: DigestFunctions): References {
  return async (ctx, action, result, blobs) => {
    const functionName = Digest.function(action).name;
    try {
      const { files, trees, directories } = named(result, functions, functionName);
      if (trees.size === 0 && directories.size === 0) return files;
      const walk = new Walk(ctx, blobs, functions, functionName, files);
      const isKnown = (await walk.trees([...trees])) && (await walk.directories(directories));
      return isKnown ? walk.needed : undefined;
    } catch (reason) {
      if (reason instanceof WireError) return undefined;
      if (reason instanceof Failure && reason.code === 'invalid_argument') return undefined; // A malformed digest.
      throw reason;
    }
  };
}

/** What the result itself names. */
function named(
  result: Uint8Array,
  functions: DigestFunctions,
  functionName: DigestFunctionName,
): { files: Set<Digest>; trees: Set<Digest>; directories: Set<Digest> } {
  const files = new Set<Digest>();
  const trees = new Set<Digest>();
  const directories = new Set<Digest>();
  const digestOf = (message: WireReader): Digest => functions.digestIn(message, functionName);
  for (const reader = new WireReader(result); reader.next(); ) {
    switch (reader.field) {
      case field.outputFiles:
        for (const file = reader.message(); file.next(); ) {
          if (file.field === field.fileDigest) files.add(digestOf(file.message()));
        }
        break;
      case field.outputDirectories:
        for (const directory = reader.message(); directory.next(); ) {
          if (directory.field === field.treeDigest) trees.add(digestOf(directory.message()));
          else if (directory.field === field.rootDirectoryDigest) directories.add(digestOf(directory.message()));
        }
        break;
      case field.stdoutDigest:
      case field.stderrDigest:
        files.add(digestOf(reader.message()));
        break;
    }
  }
  return { files, trees, directories };
}

/** Reads trees and directories, and collects what they name. */
class Walk {
  readonly needed: Set<Digest>;
  readonly #ctx: Context;
  readonly #blobs: BlobStore;
  readonly #functions: DigestFunctions;
  readonly #functionName: DigestFunctionName;
  /** Trees and directories. */
  readonly #counted = new Set<Digest>();
  #bytes = 0;

  constructor(
    ctx: Context,
    blobs: BlobStore,
    functions: DigestFunctions,
    functionName: DigestFunctionName,
    needed: Set<Digest>,
  ) {
    this.#ctx = ctx;
    this.#blobs = blobs;
    this.#functions = functions;
    this.#functionName = functionName;
    this.needed = needed;
  }

  /** False if one of them isn't here. */
  async trees(trees: readonly Digest[]): Promise<boolean> {
    for (const group of inGroups(trees)) {
      this.#need(group);
      for (const [, tree] of await readTogether(this.#ctx, this.#blobs, group, treeBytesMax)) {
        if (tree === undefined) return false;
        for (const reader = new WireReader(tree); reader.next(); ) {
          // A Tree carries its directories: what they name beside files is in the Tree too.
          if (reader.field === field.root || reader.field === field.children) {
            for (const file of this.#digestsIn(reader.bytes()).files) this.needed.add(file);
          }
        }
      }
    }
    return true;
  }

  /** False if one of them, or one below, isn't here. */
  async directories(roots: ReadonlySet<Digest>): Promise<boolean> {
    this.#need(roots);
    const below = (directory: Uint8Array): Digest[] => {
      const { files, directories } = this.#digestsIn(directory);
      for (const file of files) this.needed.add(file);
      this.#need(directories);
      return directories;
    };
    for await (const group of walked(this.#ctx, { blobs: this.#blobs, roots, below, bytesMax: treeBytesMax })) {
      if (group.some(([, bytes]) => bytes === undefined)) return false;
    }
    return true;
  }

  /** These are needed, and will be read. */
  #need(digests: Iterable<Digest>): void {
    for (const digest of digests) {
      if (this.#counted.has(digest)) continue;
      this.#counted.add(digest);
      this.needed.add(digest);
      this.#bytes += Digest.sizeBytes(digest);
      if (this.#bytes > treeBytesMax) {
        throw new Failure('resource_exhausted', `an action result with more than ${treeBytesMax} bytes of trees`);
      }
    }
  }

  #digestsIn(directory: Uint8Array): { files: Digest[]; directories: Digest[] } {
    return directoryDigests(directory, this.#functions, this.#functionName);
  }
}
