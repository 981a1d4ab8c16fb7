import type { Context } from '@gorego/context';
import { RequestMetadata } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';

const requestMetadataHeader = 'build.bazel.remote.execution.v2.requestmetadata-bin';

/** What every call to an upstream says beside its request. */
export interface UpstreamHeaders {
  readonly headers: ReadonlyMap<string, string>;
  /** The token of now; undefined for none. */
  readonly token: () => string | undefined;
}

/** The headers of a call: the configured ones, the token, and on whose behalf it is made. */
export function upstreamHeaders({
  headers,
  token,
}: UpstreamHeaders): (ctx: Context) => [string, string | Uint8Array][] {
  return ({ caller }) => {
    const bearer = token();
    const { tool, invocation, correlated, action, mnemonic, target } = caller;
    const [toolName = '', toolVersion = ''] = tool.split(' ', 2);
    const isKnown = [tool, invocation, correlated, action, mnemonic, target].some((text) => text !== '');
    const metadata = {
      toolDetails: { toolName, toolVersion },
      toolInvocationId: invocation,
      correlatedInvocationsId: correlated,
      actionId: action,
      actionMnemonic: mnemonic,
      targetId: target,
      configurationId: '',
    };
    return [
      ...headers,
      ...(bearer === undefined ? [] : [['authorization', `Bearer ${bearer}`] satisfies [string, string]]),
      ...(isKnown
        ? [[requestMetadataHeader, RequestMetadata.encode(metadata).finish()] satisfies [string, Uint8Array]]
        : []),
    ];
  };
}
