import assert from 'node:assert/strict';
import {
  Action,
  type ActionResult,
  type DeepPartial,
  ActionCacheDefinition as service,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { absentDigest, blobOf, freshBlob, keyOf, upload } from './blobs.ts';
import { malformedResults } from './malformed-results.ts';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, onlyStrict } from './suite.ts';

const metadata = { worker: 'a worker', queuedTimestamp: { seconds: 1_700_000_000, nanos: 123_456_789 } };

/** A result that has something in every field that needs no blob, and its blobs uploaded. */
async function fullResult(api: Reapi): Promise<DeepPartial<ActionResult>> {
  const blobs = [freshBlob(10), freshBlob(20), freshBlob(30)];
  await upload(api, ...blobs);
  const [file, stdoutDigest, stderrDigest] = blobs.map(({ digest }) => digest);
  return {
    outputFiles: [
      { path: 'out/a', digest: file, isExecutable: true },
      { path: 'ö ü.txt', digest: file, nodeProperties: { properties: [{ name: 'n', value: 'v' }] } },
    ],
    outputSymlinks: [{ path: 'link', target: '/absolute/../target' }],
    outputFileSymlinks: [{ path: 'link', target: '/absolute/../target' }],
    exitCode: 0,
    stdoutDigest,
    stderrDigest,
    executionMetadata: metadata,
  };
}

function assertEqualResults(actual: ActionResult, expected: DeepPartial<ActionResult>): void {
  const { executionMetadata: _, ...rest } = service.methods.updateActionResult.responseType.fromPartial(expected);
  const { executionMetadata, ...actualRest } = actual;
  assert.deepEqual(actualRest, rest);
  assert(executionMetadata !== undefined);
  if (expected.executionMetadata !== undefined) assert.equal(executionMetadata.worker, metadata.worker);
}

/** GetActionResult and UpdateActionResult: what is kept, and what is refused. */
export const actionCache: readonly ConformanceCase[] = [
  {
    name: 'says of an unknown action that there is no result',
    obligations: ['AC-1'], // obligation: AC-1
    run: asking(async (api) => {
      await api.ends(api.getActionResult(absentDigest()), 'not_found');
      await api.ends(api.getActionResult(absentDigest(), { inlineStdout: true }), 'not_found');
    }),
  },
  {
    name: 'gives the result it was told, in that instance and for that very digest',
    obligations: ['AC-2'], // obligation: AC-2
    run: asking(async (api) => {
      const action = absentDigest(140);
      const result = await fullResult(api);
      assertEqualResults(await api.updateActionResult(action, result), result);
      assertEqualResults(await api.getActionResult(action), result);
      await api.ends(api.getActionResult({ ...action, sizeBytes: 141 }), 'not_found', 'invalid_argument');
      for (const instanceName of api.subject.instances.filter((name) => name !== '')) {
        await api.ends(api.getActionResult(action, { instanceName }), 'not_found');
        await api.updateActionResult(action, { exitCode: 7 }, { instanceName });
        assert.equal((await api.getActionResult(action, { instanceName })).exitCode, 7);
      }
      assertEqualResults(await api.getActionResult(action), result);
    }),
  },
  {
    name: 'gives a result that was told without metadata some of its own',
    obligations: ['AC-9'], // obligation: AC-9
    run: asking(async (api) => {
      const action = absentDigest();
      await api.updateActionResult(action, {});
      const { executionMetadata } = await api.getActionResult(action);
      assert(executionMetadata !== undefined && executionMetadata.worker !== '');
    }),
  },
  {
    name: 'keeps what an output is: its digest, and its tree’s',
    obligations: ['AC-9'], // obligation: AC-9
    run: asking(async (api) => {
      const [action, file] = [absentDigest(), freshBlob(10)];
      const tree = blobOf(Buffer.of(0x0a, 0x00));
      await upload(api, file, tree);
      const outputDirectories = [{ path: 'dir', treeDigest: tree.digest, isTopologicallySorted: true }];
      await api.updateActionResult(action, { outputFiles: [{ path: 'f', digest: file.digest }], outputDirectories });
      const got = await api.getActionResult(action);
      assert.equal(keyOf(got.outputFiles[0]?.digest), keyOf(file.digest));
      assert.equal(keyOf(got.outputDirectories[0]?.treeDigest), keyOf(tree.digest));
      assert.equal(got.outputDirectories[0]?.isTopologicallySorted, true);
    }),
  },
  {
    name: 'refuses a request without its parts',
    obligations: ['AC-10'], // obligation: AC-10
    run: asking(async (api) => {
      await api.ends(api.updateActionResult(absentDigest(), undefined), 'invalid_argument');
      await api.ends(api.unary(service, 'updateActionResult', { actionResult: {} }), 'invalid_argument');
      await api.ends(api.unary(service, 'getActionResult', {}), 'invalid_argument');
    }),
  },
  ...malformedResults.map(([what, result]) => ({
    name: `refuses a result with ${what}`,
    obligations: ['AC-10'], // obligation: AC-10
    run: asking(async (api) => {
      const action = absentDigest();
      await api.ends(api.updateActionResult(action, result), 'invalid_argument', 'ok');
      if (api.isStrict) await api.ends(api.getActionResult(action), 'not_found');
    }),
  })),
  {
    name: 'takes a result whose action it has never seen',
    obligations: ['AC-11'], // obligation: AC-11
    run: asking(async (api) => {
      await api.ends(api.updateActionResult(absentDigest(), await fullResult(api)), 'ok', 'failed_precondition');
    }),
  },
  {
    name: 'remembers the last of several results',
    obligations: ['AC-14'], // obligation: AC-14
    run: asking(async (api) => {
      const action = absentDigest();
      for (const stdoutRaw of ['first', 'second', 'third'].map((text) => Buffer.from(text))) {
        await api.updateActionResult(action, { stdoutRaw });
        const { stdoutDigest, stdoutRaw: raw } = await api.getActionResult(action, { inlineStdout: true });
        assert(stdoutDigest?.hash === blobOf(stdoutRaw).digest.hash || Buffer.compare(raw, stdoutRaw) === 0);
      }
    }),
  },
  {
    name: 'keeps the result of an action that failed',
    obligations: ['AC-15'], // obligation: AC-15
    run: asking(async (api) => {
      const action = absentDigest();
      const code = await api.ends(api.updateActionResult(action, { exitCode: -11 }), 'ok', 'invalid_argument');
      if (code === 'ok') assert.equal((await api.getActionResult(action)).exitCode, -11);
    }),
  },
  {
    name: 'does not look at the action',
    obligations: ['AC-16'], // obligation: AC-16
    run: asking(async (api) => {
      const action = blobOf(
        Action.encode(Action.fromPartial({ doNotCache: true, salt: freshBlob(16).bytes })).finish(),
      );
      await upload(api, action);
      await api.updateActionResult(action.digest, { exitCode: 0 });
      await api.getActionResult(action.digest);
    }),
  },
  {
    name: 'takes any priority',
    obligations: ['AC-17'], // obligation: AC-17
    run: asking(async (api) => {
      for (const priority of [0, 5, -2_147_483_648, 2_147_483_647]) {
        const update = api.updateActionResult(absentDigest(), {}, { resultsCachePolicy: { priority } });
        await api.ends(update, 'ok', 'invalid_argument');
      }
    }),
  },
  {
    name: 'keeps a result of 3.9 MiB and tens of thousands of outputs',
    obligations: ['AC-18', 'GEN-10'], // obligation: AC-18, GEN-10
    run: asking(async (api) => {
      const [action, file] = [absentDigest(), freshBlob(10)];
      await upload(api, file);
      const path = (i: number): string => `bazel-out/k8-fastbuild/bin/some/package/${'output-'.repeat(4)}${i}`;
      const outputFiles = Array.from({ length: 27_600 }, (_, i) => ({ path: path(i), digest: file.digest }));
      const result = { outputFiles, executionMetadata: metadata };
      const { responseType } = service.methods.updateActionResult;
      const sizeBytes = responseType.encode(responseType.fromPartial(result)).finish().byteLength;
      assert(sizeBytes > 3.8 * 2 ** 20 && sizeBytes < 3.95 * 2 ** 20, `${sizeBytes}`);
      await api.updateActionResult(action, result);
      const got = await api.getActionResult(action);
      assert.deepEqual([got.outputFiles.length, got.outputFiles.at(-1)?.path], [27_600, path(27_599)]);
    }),
  },
  {
    name: 'refuses a result larger than what every client accepts',
    obligations: ['GEN-10', 'AC-18'], // obligation: GEN-10, AC-18
    appliesTo: onlyStrict,
    run: asking(async (api) => {
      const action = absentDigest();
      const outputSymlinks = [{ path: 'link', target: 'x'.repeat(4.2 * 2 ** 20) }];
      await api.ends(api.updateActionResult(action, { outputSymlinks }), 'invalid_argument');
      await api.ends(api.getActionResult(action), 'not_found');
    }),
  },
];
