import { Digest, type DigestFunctionName } from '@gorego/digest';

/** Digests remembered. Beyond it those named longest ago are forgotten. */
const entriesMax = 50_000;

/** Remembers how large what was named by hash and size is, for those who name it by its hash alone. */
export class KnownSizes {
  readonly #sizes = new Map<string, number>();

  note(digest: Digest): void {
    const key = keyOf(Digest.function(digest).name, Digest.hex(digest));
    this.#sizes.delete(key);
    this.#sizes.set(key, Digest.sizeBytes(digest));
    if (this.#sizes.size > entriesMax) this.#sizes.delete(this.#sizes.keys().next().value as string);
  }

  of(name: DigestFunctionName, hex: string): number | undefined {
    return this.#sizes.get(keyOf(name, hex));
  }
}

function keyOf(name: DigestFunctionName, hex: string): string {
  return `${name}:${hex}`;
}
