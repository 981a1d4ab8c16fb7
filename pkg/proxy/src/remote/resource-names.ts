import { Digest } from '@gorego/digest';

/** `[instance/]blobs/[function/]hash/size`. */
export function readName(instance: string, digest: Digest): string {
  const { name, isSpelledOut } = Digest.function(digest);
  const blob = `${Digest.hex(digest)}/${Digest.sizeBytes(digest)}`;
  return `${prefix(instance)}blobs/${isSpelledOut ? `${name}/` : ''}${blob}`;
}

/** `[instance/]uploads/uuid/blobs/[function/]hash/size`. */
export function writeName(instance: string, uuid: string, digest: Digest): string {
  return `${prefix(instance)}uploads/${uuid}/${readName('', digest)}`;
}

function prefix(instance: string): string {
  return instance === '' ? '' : `${instance}/`;
}
