import type { DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { ActionResult } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestFunctions } from '../wire-digest.ts';

/**
 * The result, if its fields are what REAPI wants: every output named by a relative path that does not climb, every
 * digest well-formed, every file with a digest or its bytes. `invalid_argument` names the field that isn't.
 */
export function validated(
  result: ActionResult,
  functions: DigestFunctions,
  functionName: DigestFunctionName,
): ActionResult {
  for (const [i, { path, digest, contents }] of result.outputFiles.entries()) {
    at(`output_files[${i}].path`, () => checkPath(path));
    if (digest === undefined && contents.byteLength > 0) continue; // Its bytes say its name.
    at(`output_files[${i}].digest`, () => functions.digest(digest, functionName));
  }
  for (const [i, { path, treeDigest, rootDirectoryDigest }] of result.outputDirectories.entries()) {
    at(`output_directories[${i}].path`, () => path === '' || checkPath(path)); // '' is the working directory itself.
    if (treeDigest === undefined && rootDirectoryDigest === undefined) {
      throw new Failure('invalid_argument', `action_result.output_directories[${i}] has no tree_digest`);
    }
    for (const [field, digest] of Object.entries({
      tree_digest: treeDigest,
      root_directory_digest: rootDirectoryDigest,
    })) {
      if (digest !== undefined) at(`output_directories[${i}].${field}`, () => functions.digest(digest, functionName));
    }
  }
  for (const list of ['outputSymlinks', 'outputFileSymlinks', 'outputDirectorySymlinks'] as const) {
    for (const [i, { path }] of result[list].entries()) at(`${list}[${i}].path`, () => checkPath(path));
  }
  for (const name of ['stdoutDigest', 'stderrDigest'] as const) {
    const digest = result[name];
    if (digest !== undefined) at(name, () => functions.digest(digest, functionName));
  }
  return result;
}

function checkPath(path: string): void {
  const isRelative = path !== '' && !path.startsWith('/') && !path.includes('\0');
  if (!isRelative || path.split('/').includes('..')) {
    throw new Failure(
      'invalid_argument',
      `not a relative path within the working directory: ${JSON.stringify(path.slice(0, 300))}`,
    );
  }
}

function at(where: string, check: () => unknown): void {
  try {
    check();
  } catch (reason) {
    throw reason instanceof Failure ? reason.within(`action_result.${where}`) : reason;
  }
}
