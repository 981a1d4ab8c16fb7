import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireError, WireReader } from '@gorego/proto';
import {
  ActionResult,
  ExecutedActionMetadata,
  NodeProperties,
  OutputFile,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { DigestFunctions, digestMessage } from '@gorego/server';

/** What is known of a value. */
export interface Said {
  readonly digest: Digest;
  /** What its client says about it. */
  readonly about: ReadonlyMap<string, string>;
}

/** The file that a value is in the result that stands for it. */
const fileName = 'value';

const sha256 = new DigestFunctions(['sha256']);

/** Fields of ActionResult, OutputFile, NodeProperties and NodeProperty. */
const field = {
  ...{ outputFiles: 2 },
  ...{ path: 1, digest: 2, nodeProperties: 7 },
  ...{ properties: 1, name: 1, value: 2 },
} as const;

/** A value as an encoded ActionResult, or that there is none. */
export const ValueRecord = {
  encode(said: Said | undefined): Uint8Array {
    // With metadata: caches behind this one may refuse a result that says nothing, or fill it in.
    const executionMetadata = ExecutedActionMetadata.fromPartial({ worker: 'gorego' });
    const outputFiles = said === undefined ? [] : [outputFile(said)];
    return ActionResult.encode(ActionResult.fromPartial({ outputFiles, executionMetadata })).finish();
  },

  /** Reads only what it needs, as it does for each request. Undefined too for what `encode` has not made. */
  decode(record: Uint8Array): Said | undefined {
    try {
      for (const reader = new WireReader(record); reader.next(); ) {
        if (reader.field === field.outputFiles) return saidIn(reader.message());
      }
    } catch (reason) {
      const isMalformed =
        reason instanceof WireError || (reason instanceof Failure && reason.code === 'invalid_argument');
      if (!isMalformed) throw reason;
    }
    return undefined;
  },
} as const;

function outputFile({ digest, about }: Said): OutputFile {
  const properties = Array.from(about, ([name, value]) => ({ name, value }));
  return OutputFile.fromPartial({
    path: fileName,
    digest: digestMessage(digest),
    ...(properties.length > 0 && { nodeProperties: NodeProperties.fromPartial({ properties }) }),
  });
}

function saidIn(file: WireReader): Said | undefined {
  const about = new Map<string, string>();
  let path = '';
  let digest: Digest | undefined;
  while (file.next()) {
    if (file.field === field.path) path = file.string();
    else if (file.field === field.digest) digest = sha256.digestIn(file.message(), 'sha256');
    else if (file.field === field.nodeProperties) {
      for (const properties = file.message(); properties.next(); ) {
        if (properties.field === field.properties) addProperty(about, properties.message());
      }
    }
  }
  return path === fileName && digest !== undefined ? { digest, about } : undefined;
}

function addProperty(about: Map<string, string>, property: WireReader): void {
  let name = '';
  let value = '';
  while (property.next()) {
    if (property.field === field.name) name = property.string();
    else if (property.field === field.value) value = property.string();
  }
  about.set(name, value);
}
