import { Failure } from '@gorego/errors';
import { validInstanceName } from '@gorego/server';

/** Instance names as a configuration says them. */
export interface InstancePattern {
  readonly text: string;
  matches(name: string): boolean;
}

/**
 * Reads `team-a`, which is that name alone; `team-a/*`, which is that name and all below it; or `*`, which is every name,
 * the empty one too. `invalid_argument` for what no name can match.
 */
export function instancePattern(text: string): InstancePattern {
  if (text === '*') return { text, matches: () => true };
  const base = text.endsWith('/*') ? text.slice(0, -2) : text;
  if (base.includes('*') || (base === '' && text !== '')) {
    throw new Failure(
      'invalid_argument',
      `not instance names: ${JSON.stringify(text)}; * stands alone or after a last /`,
    );
  }
  validInstanceName(base);
  const below = base === text ? undefined : `${base}/`;
  return { text, matches: (name) => name === base || (below !== undefined && name.startsWith(below)) };
}
