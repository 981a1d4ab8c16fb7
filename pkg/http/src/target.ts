import { Failure } from '@gorego/errors';

/** What a request is for: a path's segments, decoded, and what was asked about it. */
export interface Target {
  /** None is empty, climbs, or has a slash or a control character in it. */
  readonly segments: readonly string[];
  /** Whether the path ended in a slash. */
  readonly isFolder: boolean;
  /** What stood behind the `?`. */
  readonly query: string;
}

const charactersMax = 2000;

/** `invalid_argument` for a path that is none, or longer than 2,000 characters. Slashes too many make no difference. */
export function targetOf(url: string): Target {
  if (url.length > charactersMax) malformed(`${url.length} characters; ${charactersMax} are the most`);
  const whole = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, ''); // Proxies are asked with all of it.
  const pathEnd = whole.search(/[?#]|$/);
  const path = whole.slice(0, pathEnd);
  const segments: string[] = [];
  for (const segment of path.split('/')) if (segment !== '') segments.push(decodedSegment(segment));
  return { segments, isFolder: path.endsWith('/'), query: whole.slice(pathEnd + 1) };
}

function decodedSegment(segment: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    return malformed(`${JSON.stringify(segment.slice(0, 100))} is not percent-encoded UTF-8`);
  }
  if (decoded === '.' || decoded === '..' || /[/\\\p{Cc}]/u.test(decoded)) {
    return malformed(`${JSON.stringify(decoded.slice(0, 100))} may be no part of it`);
  }
  return decoded;
}

function malformed(why: string): never {
  throw new Failure('invalid_argument', `not a path: ${why}`);
}
