const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds in a grpc-timeout header; undefined for none, or what isn't one. */
export function timeoutIn(header: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^([0-9]{1,8})([HMSmun])$/.exec(header ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * (unitMs[unit] ?? 0);
}
