import { type Caller, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import {
  ActionResult,
  ExecutedActionMetadata,
  ActionCacheDefinition as service,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route, Routes } from '@gorego/rpc';
import type { Activity } from '../activity.ts';
import type { HashNamed } from '../hash-named.ts';
import { type Instances, toWrite } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { type Bounds, decoded } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { actionResultShape } from './action-result-shape.ts';
import { deInlined } from './de-inlined.ts';
import { inlined, isAnythingWanted } from './inlined.ts';
import { validated } from './validated.ts';

/** REAPI's ActionCache. */
export function actionCache(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  hashNamed: HashNamed,
): Routes {
  return {
    [methodPath(service, 'getActionResult')]: getActionResult(instances, functions, activity, hashNamed),
    [methodPath(service, 'updateActionResult')]: updateActionResult(instances, functions, hashNamed),
  };
}

/** The messages in an UpdateActionResultRequest, down to the last. The transport bounds its bytes. */
const updateBounds: Bounds = {
  bytesMax: Number.POSITIVE_INFINITY,
  shape: { 2: {}, 3: actionResultShape, 4: {} },
};

/** Half of all answers; made once, as its stack says nothing. */
const noResult = new Failure('not_found', 'no result of this action is here');

/** GetActionResult: the stored bytes as they are, unless the client wants something inline. */
function getActionResult(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  hashNamed: HashNamed,
): Route {
  const { requestType } = service.methods.getActionResult;
  return {
    kind: 'unary',
    handle: async (call, bytes) => {
      const request = decoded(requestType, bytes);
      const { actions, blobs } = instances(request.instanceName);
      const action = functions.digest(request.actionDigest, functions.named(request.digestFunction));
      const found = (await actions.get(call, action)) ?? (await hashNamed.adopt(call, request.instanceName, action));
      if (found === undefined) {
        activity.miss(call.caller);
        throw noResult;
      }
      activity.hit(call.caller);
      if (!isAnythingWanted(request)) return found;
      const { name } = Digest.function(action);
      const result = await inlined(call, ActionResult.decode(found), found.byteLength, request, blobs, (message) =>
        functions.digest(message, name),
      );
      return ActionResult.encode(result).finish();
    },
  };
}

/** UpdateActionResult: validated, and kept without anything inline. The last one wins. */
function updateActionResult(instances: Instances, functions: DigestFunctions, hashNamed: HashNamed): Route {
  const { requestType } = service.methods.updateActionResult;
  return {
    kind: 'unary',
    handle: async (call, bytes) => {
      const request = decoded(requestType, bytes, updateBounds);
      const { actions, blobs } = toWrite(call, instances(request.instanceName));
      const action = functions.digest(request.actionDigest, functions.named(request.digestFunction));
      if (request.actionResult === undefined) throw new Failure('invalid_argument', 'action_result is missing');
      const { name } = Digest.function(action);
      const valid = validated(request.actionResult, functions, name);
      const kept = ActionResult.encode(
        withMetadata(await deInlined(call, valid, blobs, functions, name), call.caller),
      ).finish();
      if (kept.byteLength > messageBytesMax) {
        throw new Failure(
          'invalid_argument',
          `an action result of ${kept.byteLength} bytes; ${messageBytesMax} is the most`,
        );
      }
      throwIfEnded(call);
      await actions.put(call, action, kept);
      hashNamed.note(action);
      return kept;
    },
  };
}

/** Some clients (Buck2) fail on a result without metadata, and an empty result would encode to nothing at all. */
function withMetadata(result: ActionResult, caller: Caller): ActionResult {
  if (result.executionMetadata !== undefined) return result;
  return { ...result, executionMetadata: ExecutedActionMetadata.fromPartial({ worker: caller.peer || 'unknown' }) };
}
