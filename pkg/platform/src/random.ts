/** Chance, as goREgo is allowed to know it. Production gives `systemRandom`; tests give a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** `bytes` unpredictable bytes as lower-case hex: for names nobody else may have. */
  hex(bytes: number): string;
}
