/** The store's time: eighths of a second since 2020, so that 32 bits last until 2037 and what comes together is told apart. */
export const Ticks = {
  perSecond: 8,

  /** Of milliseconds since 1970. */
  of(epochMs: number): number {
    return Math.max(1, Math.floor((epochMs - beginMs) / 125));
  },

  /** Milliseconds since 1970. */
  toMs(ticks: number): number {
    return ticks * 125 + beginMs;
  },
} as const;

const beginMs = Date.UTC(2020);
