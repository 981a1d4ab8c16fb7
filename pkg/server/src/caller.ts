import { type Caller, nobody } from '@gorego/context';
import { RequestMetadata } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Headers } from '@gorego/rpc';

const requestMetadataHeader = 'build.bazel.remote.execution.v2.requestmetadata-bin';
const fieldCharactersMax = 500;

/** Who is calling, by REAPI's RequestMetadata header. What can't be read is as good as absent: it only feeds logs. */
export function callerOf(headers: Headers, peer: string): Caller {
  const bytes = headers.binary(requestMetadataHeader);
  if (bytes === undefined) return { ...nobody, peer };
  try {
    const metadata = RequestMetadata.decode(bytes);
    const { toolName = '', toolVersion = '' } = metadata.toolDetails ?? {};
    return {
      tool: brief(`${toolName} ${toolVersion}`.trim()),
      invocation: brief(metadata.toolInvocationId),
      correlated: brief(metadata.correlatedInvocationsId),
      action: brief(metadata.actionId),
      mnemonic: brief(metadata.actionMnemonic),
      target: brief(metadata.targetId),
      peer,
    };
  } catch {
    return { ...nobody, peer };
  }
}

function brief(text: string): string {
  return text.length <= fieldCharactersMax ? text : text.slice(0, fieldCharactersMax);
}
