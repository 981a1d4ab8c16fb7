import { gunzip, inflate } from 'node:zlib';
import { Failure } from '@gorego/errors';

const encodings: Readonly<Record<string, typeof gunzip>> = { gzip: gunzip, deflate: inflate };

/** What a client may name in `grpc-encoding`. */
export const acceptedEncodings: string = ['identity', ...Object.keys(encodings)].join(',');

/** Whether messages of this `grpc-encoding` can be read. */
export function isAccepted(encoding: string): boolean {
  return encoding === 'identity' || Object.hasOwn(encodings, encoding);
}

/** `resource_exhausted` for what would be more than `bytesMax`; `invalid_argument` for what can't be decompressed. */
export async function decompressed(bytes: Buffer, encoding: string, bytesMax: number): Promise<Buffer> {
  const decompress = encodings[encoding];
  if (decompress === undefined) {
    throw new Failure('invalid_argument', `a message is compressed, and grpc-encoding is ${JSON.stringify(encoding)}`);
  }
  return new Promise((resolve, reject) => {
    decompress(bytes, { maxOutputLength: bytesMax }, (error: NodeJS.ErrnoException | null, plain) => {
      if (error === null) resolve(plain);
      else if (error.code !== 'ERR_BUFFER_TOO_LARGE') {
        reject(new Failure('invalid_argument', `a message is no ${encoding}: ${error.message}`, { cause: error }));
      } else reject(new Failure('resource_exhausted', `a message of more than ${bytesMax} bytes, decompressed`));
    });
  });
}
