/** Time, as goREgo is allowed to know it. Production gives `systemClock`; tests give a SimulatedClock. */
export interface Clock {
  /** Wall-clock milliseconds since the epoch: for people and protocols, never for arithmetic. */
  now(): number;
  /** Milliseconds since some start, never backwards: for durations and deadlines. */
  monotonic(): number;
  /**
   * Runs `run` once, about `ms` from now (at the earliest in a later turn of the event loop), unless the returned
   * function is called first. A pending timer does not keep the process alive.
   */
  after(ms: number, run: () => void): () => void;
  /** Runs `run` once what is under way in this turn of the event loop is done: for gathering what comes in one go. */
  soon(run: () => void): void;
}
