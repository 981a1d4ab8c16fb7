import type { ActionResult, DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { absentDigest } from './blobs.ts';

type Malformed = [what: string, result: DeepPartial<ActionResult>];

const digest = absentDigest();
const bad = { hash: 'abc', sizeBytes: 1 };
const badPaths = ['', '/absolute', '..', '../up', 'a/../../up', 'a/..', 'nul\0'];

/** Results that are none, and what is wrong with each. */
export const malformedResults: readonly Malformed[] = [
  ...badPaths.flatMap((path): Malformed[] => [
    [`the output file ${JSON.stringify(path)}`, { outputFiles: [{ path, digest }] }],
    [`the link ${JSON.stringify(path)}`, { outputSymlinks: [{ path, target: 't' }] }],
  ]),
  ['the output directory "../up"', { outputDirectories: [{ path: '../up', treeDigest: digest }] }],
  ['an output file without a digest', { outputFiles: [{ path: 'a' }] }],
  ['an output file with a malformed digest', { outputFiles: [{ path: 'a', digest: bad }] }],
  ['an output directory without a digest', { outputDirectories: [{ path: 'a' }] }],
  ['an output directory with a malformed digest', { outputDirectories: [{ path: 'a', treeDigest: bad }] }],
  ['a malformed root_directory_digest', { outputDirectories: [{ path: 'a', rootDirectoryDigest: bad }] }],
  ['a malformed stdout_digest', { stdoutDigest: bad }],
  ['a malformed stderr_digest', { stderrDigest: { ...digest, sizeBytes: -1 } }],
  ['stdout that is not what its digest says', { stdoutRaw: Buffer.from('hello'), stdoutDigest: digest }],
  ['contents that are not what their digest says', { outputFiles: [{ path: 'a', digest, contents: Buffer.of(1) }] }],
];
