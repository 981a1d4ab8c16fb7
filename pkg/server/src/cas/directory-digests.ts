import type { Digest, DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireReader } from '@gorego/proto';
import type { DigestFunctions } from '../wire-digest.ts';

/** Fields of Directory, FileNode and DirectoryNode. */
const field = { files: 1, directories: 2, nodeDigest: 2 } as const;

/** What an encoded Directory names. Malformed bytes are a WireError, a malformed digest `invalid_argument`. */
export function directoryDigests(
  directory: Uint8Array,
  functions: DigestFunctions,
  functionName: DigestFunctionName,
): { files: Digest[]; directories: Digest[] } {
  const files: Digest[] = [];
  const directories: Digest[] = [];
  for (const reader = new WireReader(directory); reader.next(); ) {
    if (reader.field === field.files) files.push(nodeDigest(reader.message(), functions, functionName));
    else if (reader.field === field.directories)
      directories.push(nodeDigest(reader.message(), functions, functionName));
  }
  return { files, directories };
}

/** The directories alone; its files are passed over, whatever they name. */
export function subdirectories(
  directory: Uint8Array,
  functions: DigestFunctions,
  functionName: DigestFunctionName,
): Digest[] {
  const directories: Digest[] = [];
  for (const reader = new WireReader(directory); reader.next(); ) {
    if (reader.field === field.directories) directories.push(nodeDigest(reader.message(), functions, functionName));
  }
  return directories;
}

function nodeDigest(node: WireReader, functions: DigestFunctions, functionName: DigestFunctionName): Digest {
  let digest: Digest | undefined;
  while (node.next()) {
    if (node.field === field.nodeDigest) digest = functions.digestIn(node.message(), functionName);
  }
  if (digest === undefined) throw new Failure('invalid_argument', 'a file or directory without a digest');
  return digest;
}
