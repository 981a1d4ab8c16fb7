import type { DigestFunctionName } from '@gorego/digest';
import type { Address } from '@gorego/rpc';
import { Reapi } from './reapi.ts';

/** A server under test: where it is, and what it says of itself. */
export interface Subject {
  readonly address: Address;
  /** `strict` asks for goREgo's own answer wherever the API leaves a choice; `fair` takes any that the API allows. */
  readonly mode: 'strict' | 'fair';
  /** The digest functions it offers; SHA-256 alone, if absent. */
  readonly functions?: readonly DigestFunctionName[];
  /** What it has beyond an uncompressed cache. Cases of what must be refused leave out what is offered. */
  readonly offers: readonly Feature[];
  /** Instance names it serves, one of them `''`. */
  readonly instances: readonly string[];
  /** A well-formed instance name it doesn't serve, if there is such a thing. */
  readonly unknownInstance?: string;
}

export type Feature =
  | 'zstd'
  | 'deflate'
  | 'brotli'
  | 'resume'
  | 'chunking'
  | 'execution'
  | 'asset'
  | 'log-streams'
  | 'health'
  | 'reflection';

/** One promise a server makes, in words, with the test of it. Fits any test runner: `test(name, () => run(subject))`. */
export interface ConformanceCase {
  readonly name: string;
  /** Ids of docs/protocol.md. */
  readonly obligations: readonly string[];
  /** Whether there is anything to ask this server; yes, if absent. */
  readonly appliesTo?: (subject: Subject) => boolean;
  run(subject: Subject): Promise<void>;
}

/** Makes a case's `run` of what it does with a client of its own. */
export function asking(run: (api: Reapi) => Promise<void>): (subject: Subject) => Promise<void> {
  return async (subject) => {
    using api = new Reapi(subject);
    await run(api);
  };
}

export function offering(feature: Feature): (subject: Subject) => boolean {
  return ({ offers }) => offers.includes(feature);
}

export function hashingBy(...names: readonly DigestFunctionName[]): (subject: Subject) => boolean {
  return (subject) => names.every((name) => functionsOf(subject).includes(name));
}

export function functionsOf({ functions = ['sha256'] }: Subject): readonly DigestFunctionName[] {
  return functions;
}

export function withoutOffering(...features: readonly Feature[]): (subject: Subject) => boolean {
  return ({ offers }) => !features.some((feature) => offers.includes(feature));
}

export function onlyStrict({ mode }: Subject): boolean {
  return mode === 'strict';
}
