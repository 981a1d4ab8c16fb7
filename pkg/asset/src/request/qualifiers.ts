import { Failure } from '@gorego/errors';
import type { Qualifier } from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import { type Checksum, parseIntegrity, showIntegrity } from './integrity.ts';
import { checkedHeader, type HeaderMap } from './origin-headers.ts';

/** What a request's qualifiers say (Remote Asset API, `Qualifier`). */
export interface Qualifiers {
  /** Of which the content must have one; none if nothing was said. */
  readonly checksums: readonly Checksum[];
  /** The part of a directory that is wanted, without slashes around it; `''` for all of it. */
  readonly directory: string;
  /** What to send when asking for the URI of that index. */
  headers(index: number): HeaderMap;
  /** What tells this content from others at the same URI, by name: in any order it is the same. */
  readonly identity: readonly Qualifier[];
  /** What to answer with: the same without what may be secret. */
  readonly shown: readonly Qualifier[];
  /** Those that nothing is fetched by: what was pushed with them can be found, and nothing else. */
  readonly unsupported: readonly string[];
}

const qualifiersMax = 256;

/** For both kinds of request. `invalid_argument` for a name that is there twice, and for values that are malformed. */
export function parseQualifiers(all: readonly Qualifier[], uris: readonly string[]): Qualifiers {
  checkNames(all);
  const general = new Map<string, string>();
  const byIndex = uris.map(() => new Map<string, string>());
  const identifying: Qualifier[] = [];
  const secret: Qualifier[] = [];
  const unsupported: string[] = [];
  let checksums: readonly Checksum[] = [];
  let directory = '';
  for (const qualifier of all) {
    const { name, value } = qualifier;
    const [kind = '', ...rest] = name.split(':');
    if (kind === 'http_header' && rest.length > 0) {
      general.set(...checkedHeader(name, rest.join(':'), value));
      secret.push(qualifier);
    } else if (kind === 'http_header_url' && rest.length > 1) {
      indexed(byIndex, name, rest[0] ?? '').set(...checkedHeader(name, rest.slice(1).join(':'), value));
      secret.push(qualifier);
    } else if (name === 'bazel.auth_headers') {
      authHeaders(value, uris, byIndex);
      secret.push(qualifier);
    } else {
      if (name === 'checksum.sri') checksums = parseIntegrity(value);
      else if (name === 'directory') directory = parseDirectory(value);
      else if (!isSupported(qualifier)) unsupported.push(name);
      identifying.push(qualifier);
    }
  }
  const identity = identifying.map((qualifier) => {
    // However it is spelt, it is the same content.
    if (qualifier.name === 'checksum.sri')
      return { ...qualifier, value: checksums.map(showIntegrity).sort().join(' ') };
    return qualifier.name === 'directory' ? { ...qualifier, value: directory } : qualifier;
  });
  return {
    checksums,
    directory,
    headers: (index) => Object.fromEntries([...general, ...(byIndex[index] ?? [])]),
    // A checksum says what the content is. Without one, who asked with which credentials makes a difference.
    identity: byName(checksums.length > 0 ? identity : [...identity, ...secret]),
    shown: byName(identity),
    unsupported,
  };
}

function isSupported({ name, value }: Qualifier): boolean {
  if (name === 'resource_type') return value !== 'application/x-git';
  return name === 'bazel.canonical_id';
}

function checkNames(all: readonly Qualifier[]): void {
  if (all.length > qualifiersMax) {
    throw new Failure('invalid_argument', `${all.length} qualifiers; ${qualifiersMax} is the most`);
  }
  const names = new Set<string>();
  for (const { name } of all) {
    if (name === '') throw new Failure('invalid_argument', 'a qualifier without a name');
    if (names.has(name)) {
      throw new Failure('invalid_argument', `the qualifier ${JSON.stringify(name.slice(0, 200))} is there twice`);
    }
    names.add(name);
  }
}

function indexed(byIndex: readonly Map<string, string>[], name: string, index: string): Map<string, string> {
  const headers = /^(0|[1-9][0-9]*)$/.test(index) ? byIndex[Number(index)] : undefined;
  if (headers !== undefined) return headers;
  throw new Failure('invalid_argument', `the qualifier ${JSON.stringify(name.slice(0, 200))}: no URI has that index`);
}

/** What Bazel before 7 sends: a JSON object of headers for each URI. */
function authHeaders(value: string, uris: readonly string[], byIndex: readonly Map<string, string>[]): void {
  const name = 'bazel.auth_headers';
  const malformed = (): Failure =>
    new Failure('invalid_argument', `the qualifier ${name} is not a JSON object of headers by URI`);
  const said = objectOf(parsedJson(value), malformed);
  for (const [i, uri] of uris.entries()) {
    if (!Object.hasOwn(said, uri)) continue;
    for (const [header, text] of Object.entries(objectOf(said[uri], malformed))) {
      if (typeof text !== 'string') throw malformed();
      byIndex[i]?.set(...checkedHeader(name, header, text));
    }
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown, malformed: () => Failure): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as Record<string, unknown>;
}

function parseDirectory(value: string): string {
  const names = value.replace(/\/$/, '').split('/');
  if (value !== '' && names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) {
    throw new Failure(
      'invalid_argument',
      `the qualifier directory: ${JSON.stringify(value.slice(0, 200))} is not a relative path`,
    );
  }
  return names.join('/');
}

function byName(qualifiers: readonly Qualifier[]): readonly Qualifier[] {
  return qualifiers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
