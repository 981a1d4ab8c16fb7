import type { DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { ActionResult } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { messageBytesMax } from '../limits.ts';
import { decoded } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { actionResultShape } from './action-result-shape.ts';
import { validated } from './validated.ts';

/**
 * The ActionResult that bytes of unknown origin are, if they are one that says anything; undefined for everything else.
 * Protobuf takes much for a message: what must be true beside that is every rule of `validated`, and something in it.
 */
export function parsedResult(
  bytes: Uint8Array,
  functions: DigestFunctions,
  functionName: DigestFunctionName,
): ActionResult | undefined {
  try {
    const result = decoded(ActionResult, bytes, { bytesMax: messageBytesMax, shape: actionResultShape });
    return saysAnything(result) ? validated(result, functions, functionName) : undefined;
  } catch (reason) {
    if (reason instanceof Failure && reason.code === 'invalid_argument') return undefined;
    throw reason;
  }
}

function saysAnything(result: ActionResult): boolean {
  return (
    result.outputFiles.length > 0 ||
    result.outputDirectories.length > 0 ||
    result.outputSymlinks.length > 0 ||
    result.outputFileSymlinks.length > 0 ||
    result.outputDirectorySymlinks.length > 0 ||
    result.stdoutDigest !== undefined ||
    result.stderrDigest !== undefined ||
    result.executionMetadata !== undefined
  );
}
