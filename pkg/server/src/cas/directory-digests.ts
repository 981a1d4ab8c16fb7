import type { Digest, DigestFunctionName } from '@gorego/digest';
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
    if (reader.field === field.files) files.push(nodeDigest(reader.bytes(), functions, functionName));
    else if (reader.field === field.directories) directories.push(nodeDigest(reader.bytes(), functions, functionName));
  }
  return { files, directories };
}

function nodeDigest(node: Uint8Array, functions: DigestFunctions, functionName: DigestFunctionName): Digest {
  let digest = new Uint8Array();
  for (const reader = new WireReader(node); reader.next(); ) {
    if (reader.field === field.nodeDigest) digest = reader.bytes() as Uint8Array<ArrayBuffer>;
  }
  return functions.encodedDigest(digest, functionName);
}
