/** One promise of an interface, in words, with the test of it. Fits any test runner: `test(name, () => run(open))`. */
export interface Case<Subject> {
  readonly name: string;
  /** `open` makes a fresh subject each time; the case disposes it. */
  run(open: Open<Subject>): Promise<void>;
}

export type Open<Subject> = () => Promise<Subject & AsyncDisposable>;
