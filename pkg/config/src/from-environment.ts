import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { keys } from './schema.ts';
import { merged, type Said, say } from './settings.ts';

/** What the variables named after keys say. */
export function fromEnvironment(environment: Environment): Said {
  return merged(
    keys.flatMap(({ name, variable }) => {
      const value = environment[variable];
      return value === undefined ? [] : [say(name, value, variable)];
    }),
  );
}

/**
 * Variables that look like a key with a typing error. They are no problem, only worth a warning: Kubernetes sets
 * variables of its own (`GOREGO_SERVICE_HOST`) beside a service of that name.
 */
export function suspectVariables(environment: Environment): Problem[] {
  const known = new Set(keys.map(({ variable }) => variable));
  return Object.keys(environment).flatMap((where) => {
    if (!where.startsWith('GOREGO_') || known.has(where)) return [];
    const meant = nearest(where, known);
    return meant === undefined ? [] : [{ where, message: `no key has this variable; did you mean ${meant}?` }];
  });
}

export type Environment = Readonly<Record<string, string | undefined>>;
