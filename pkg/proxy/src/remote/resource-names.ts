import { Digest } from '@gorego/digest';

/** The functions that a resource name must spell out; the others are told by the length of their hashes. */
const spelledOut: ReadonlySet<string> = new Set(['sha256tree', 'blake3', 'gitsha1']);

/** `[instance/]blobs/[function/]hash/size`. */
export function readName(instance: string, digest: Digest): string {
  const { name } = Digest.function(digest);
  const blob = `${Digest.hex(digest)}/${Digest.sizeBytes(digest)}`;
  return `${prefix(instance)}blobs/${spelledOut.has(name) ? `${name}/` : ''}${blob}`;
}

/** `[instance/]uploads/uuid/blobs/[function/]hash/size`. */
export function writeName(instance: string, uuid: string, digest: Digest): string {
  return `${prefix(instance)}uploads/${uuid}/${readName('', digest)}`;
}

function prefix(instance: string): string {
  return instance === '' ? '' : `${instance}/`;
}
