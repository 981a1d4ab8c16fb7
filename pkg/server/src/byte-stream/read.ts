import type { CodecName, Codecs } from '@gorego/compression';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { writeLengthDelimitedHeader } from '@gorego/proto';
import { ByteStreamDefinition } from '@gorego/proto/google/bytestream/bytestream';
import type { LentMessage, Message, Route } from '@gorego/rpc';
import type { BlobReader } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import type { Instances } from '../instances.ts';
import { decoded } from '../method.ts';
import { parseReadName } from '../resource-name.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { checkResourceHeader } from './resource-header.ts';

/** ReadResponse.data. */
const dataField = 10;

/** No message is larger, whatever pieces a store gives: well below the 4 MiB that every client accepts. */
const dataBytesMax = 1024 * 1024;

/** ByteStream.Read: a blob, or part of it, in the pieces its store gives, or compressed. */
export function read(instances: Instances, functions: DigestFunctions, activity: Activity, codecs: Codecs): Route {
  const { requestType } = ByteStreamDefinition.methods.read;
  return {
    kind: 'serverStream',
    handle: async function* (call, bytes): AsyncGenerator<Message | LentMessage> {
      const { resourceName, readOffset, readLimit } = decoded(requestType, bytes);
      checkResourceHeader(call, resourceName);
      const { instance, digest, compressor } = parseReadName(resourceName, functions);
      const { blobs } = instances(instance);
      checkRange(digest, readOffset, readLimit);
      if (compressor !== undefined && readLimit !== 0) {
        throw new Failure('invalid_argument', `read_limit ${readLimit} of a compressed blob: there is none but 0`);
      }
      const range = readLimit === 0 ? { offset: readOffset } : { offset: readOffset, limit: readLimit };
      const found = await blobs.get(call, digest, range);
      if (found === undefined) throw new Failure('not_found', `${digest} is not here`);
      await using blob = found;
      const { recycle } = blob;
      for await (const chunk of sent(blob, compressor, codecs)) {
        for (let at = 0; at < chunk.byteLength; at += dataBytesMax) {
          const data = chunk.subarray(at, at + dataBytesMax);
          const pieces = [writeLengthDelimitedHeader(dataField, data.byteLength), data];
          const isLast = at + dataBytesMax >= chunk.byteLength;
          yield isLast && recycle ? { pieces, onSent: () => recycle(chunk) } : pieces;
        }
        activity.served(call.caller, chunk.byteLength);
      }
    },
  };
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What goes over the wire: a compressed stream of its own, wherever in the blob it begins; as it is stored, if it is stored like that. */
function sent(blob: BlobReader, compressor: CodecName | undefined, codecs: Codecs): Pieces {
  if (compressor === undefined) return blob;
  if (compressor === blob.compressed?.codec) return blob.compressed.chunks();
  return codecs[compressor].compress(blob, blob.sizeBytes);
}

function checkRange(digest: Digest, offset: number, limit: number): void {
  if (offset < 0 || offset > Digest.sizeBytes(digest)) {
    throw new Failure('out_of_range', `read_offset ${offset} of ${digest}`);
  }
  if (limit < 0) throw new Failure('invalid_argument', `read_limit ${limit}`);
}
