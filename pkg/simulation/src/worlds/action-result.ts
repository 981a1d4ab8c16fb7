import { Digest } from '@gorego/digest';
import { ActionResult } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';

/** An encoded result with the given outputs; its exit code is its version. */
export function actionResult(version: number, outputs: readonly Digest[]): Uint8Array {
  return ActionResult.encode(
    ActionResult.fromPartial({
      exitCode: version,
      executionMetadata: { worker: 'simulated' },
      outputFiles: outputs.map((digest, i) => ({
        path: `out${i}`,
        digest: { hash: Digest.hex(digest), sizeBytes: Digest.sizeBytes(digest) },
      })),
    }),
  ).finish();
}

export function versionOf(result: Uint8Array): number {
  return ActionResult.decode(result).exitCode;
}
