import { Digest, type DigestFunctionName, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireReader } from '@gorego/proto';

/** The digest functions this server offers, and which of them a request means. */
export class DigestFunctions {
  readonly offered: readonly DigestFunctionName[];
  readonly #byNumber: ReadonlyMap<number, DigestFunctionName>;
  readonly #bySegment: ReadonlyMap<string, DigestFunctionName>;
  readonly #byLength: ReadonlyMap<number, DigestFunctionName>;

  constructor(offered: readonly DigestFunctionName[]) {
    this.offered = offered;
    this.#byNumber = new Map(offered.map((name) => [digestFunctions[name].number, name]));
    this.#bySegment = new Map(offered.map((name) => [name, name]));
    const untold = offered.filter((name) => !digestFunctions[name].isSpelledOut);
    this.#byLength = new Map(untold.map((name) => [digestFunctions[name].hexLength, name]));
  }

  /** Every DigestFunction.Value offered. */
  get numbers(): number[] {
    return [...this.#byNumber.keys()];
  }

  /**
   * The function a digest of that many hex digits must be of when nothing was said (`digest_function` unset). Functions
   * that share a length with an older one are never meant: they must be named.
   */
  ofLength(hexLength: number): DigestFunctionName {
    const name = this.#byLength.get(hexLength);
    if (name === undefined) {
      throw new Failure(
        'invalid_argument',
        `no digest function offered here (${this.offered.join(', ')}) is meant by ${hexLength} hex digits alone`,
      );
    }
    return name;
  }

  /** The function a request names by its enum number; undefined for 0: to be told by the hashes' length. */
  named(number: number): DigestFunctionName | undefined {
    if (number === 0) return undefined;
    const name = this.#byNumber.get(number);
    if (name === undefined) {
      throw new Failure(
        'invalid_argument',
        `digest function ${number} is not offered here (${this.offered.join(', ')})`,
      );
    }
    return name;
  }

  /** The function a resource name's segment stands for; undefined if it is not one that is offered. */
  segment(segment: string): DigestFunctionName | undefined {
    return this.#bySegment.get(segment);
  }

  /** The blob a Digest message names. */
  digest(message: DigestMessage | undefined, functionName: DigestFunctionName | undefined): Digest {
    if (message === undefined) throw new Failure('invalid_argument', 'a digest is missing');
    return Digest.of(functionName ?? this.ofLength(message.hash.length), message.hash, message.sizeBytes);
  }

  /** The same for an encoded Digest message. Malformed bytes are a WireError. */
  encodedDigest(message: Uint8Array, functionName: DigestFunctionName | undefined): Digest {
    return this.digestIn(new WireReader(message), functionName);
  }

  /** The same for one that is about to be read. */
  digestIn(message: WireReader, functionName: DigestFunctionName | undefined): Digest {
    let hash = '';
    let sizeBytes = 0;
    while (message.next()) {
      if (message.field === 1) hash = message.ascii();
      else if (message.field === 2) sizeBytes = message.int64();
    }
    return Digest.of(functionName ?? this.ofLength(hash.length), hash, sizeBytes);
  }
}

export interface DigestMessage {
  readonly hash: string;
  readonly sizeBytes: number;
}

/** A Digest as the message that names it on the wire. */
export function digestMessage(digest: Digest): DigestMessage {
  return { hash: Digest.hex(digest), sizeBytes: Digest.sizeBytes(digest) };
}

/** A Digest message to answer with: what it names, and nothing else that came with it. */
export function echoed(message: DigestMessage | undefined): DigestMessage | undefined {
  return message && { hash: message.hash, sizeBytes: message.sizeBytes };
}
