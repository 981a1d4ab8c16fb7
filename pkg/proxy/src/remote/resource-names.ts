import type { Codec } from '@gorego/compression';
import { Digest } from '@gorego/digest';

/** `[instance/]blobs/[function/]hash/size`, or `compressed-blobs/compressor/` in place of `blobs/`. */
export function readName(instance: string, digest: Digest, codec?: Codec): string {
  const { name, isSpelledOut } = Digest.function(digest);
  const form = codec === undefined ? 'blobs' : `compressed-blobs/${codec.name}`;
  const blob = `${Digest.hex(digest)}/${Digest.sizeBytes(digest)}`;
  return `${prefix(instance)}${form}/${isSpelledOut ? `${name}/` : ''}${blob}`;
}

/** `[instance/]uploads/uuid/` and the rest of the same. */
export function writeName(instance: string, uuid: string, digest: Digest, codec?: Codec): string {
  return `${prefix(instance)}uploads/${uuid}/${readName('', digest, codec)}`;
}

function prefix(instance: string): string {
  return instance === '' ? '' : `${instance}/`;
}
