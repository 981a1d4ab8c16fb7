import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition as service } from '@gorego/proto/google/bytestream/bytestream';
import type { RawHeaders } from '@gorego/rpc/testing';
import type { Piece } from './blobs.ts';
import type { Reapi } from './reapi.ts';

/** A Write made by hand. */
export interface BegunUpload {
  /** Sends a request, and whatever it does not say is as in an empty one. */
  send(piece: Partial<Piece> | undefined): void;
  /** Half-closes. */
  end(): void;
  cancel(): void;
  /** The committed size. Fails as the call does. */
  readonly answer: Promise<number>;
}

export function beginUpload(api: Reapi, headers?: RawHeaders): BegunUpload {
  const { requestType, responseType } = service.methods.write;
  const call = api.raw.bidi(methodPath(service, 'write'), headers);
  const answer = new Promise<number>((resolve, reject) => {
    call.once('data', (bytes: Buffer) => resolve(responseType.decode(bytes).committedSize));
    call.on('error', reject); // One that was cancelled may say so twice.
  });
  answer.catch(() => {}); // A test may be content to cancel.
  return {
    send: (piece) => void call.write(Buffer.from(requestType.encode(requestType.fromPartial(piece ?? {})).finish())),
    end: () => void call.end(),
    cancel: () => call.cancel(),
    answer,
  };
}
