/** Something that was said and can't be meant, told so that a person can mend it. */
export interface Problem {
  /** Where it was said: `gorego.yaml:3`, `GOREGO_LISTEN_ADDR`, `--listen_addr`. */
  readonly where: string;
  /** Which key, as far as that is known. */
  readonly key?: string | undefined;
  readonly message: string;
}

export function printProblem({ where, key, message }: Problem): string {
  const isSaid = key === undefined || where === `--${key}`;
  return isSaid ? `${where}: ${message}` : `${where}: ${key}: ${message}`;
}

/** Everything that is wrong with a configuration, at once. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(printProblem).join('\n'));
    this.problems = problems;
  }
}
