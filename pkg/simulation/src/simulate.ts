import { emptyTally, proxyWorld } from './worlds/proxy-world.ts';

/**
 * Runs worlds in bulk: `simulate.ts [--seeds N] [--from SEED] [--seconds N]`. Prints how many a minute there were, and
 * every seed that failed with the reason; the exit status is 1 if any did.
 */
async function main(args: readonly string[]): Promise<number> {
  const option = (name: string, fallback: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? fallback : Number(args[at + 1]);
  };
  const from = option('--from', 1);
  const seedsMax = option('--seeds', args.includes('--seconds') ? Number.MAX_SAFE_INTEGER : 2000);
  const forMs = 1000 * option('--seconds', Number.POSITIVE_INFINITY);
  const tally = emptyTally();
  const failed: number[] = [];
  // Most failures here are simulated: their stacks cost more than they say. One seed alone has them.
  if (seedsMax > 1) Error.stackTraceLimit = 0;
  const start = performance.now();
  let seeds = 0;
  for (; seeds < seedsMax && performance.now() - start < forMs; seeds++) {
    const seed = from + seeds;
    try {
      await proxyWorld(seed, tally);
    } catch (reason) {
      failed.push(seed);
      if (failed.length <= 5) console.error(reason);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(`${seeds} worlds in ${seconds.toFixed(1)} s: ${Math.round((60 * seeds) / seconds)} a minute`, tally);
  if (failed.length > 0) console.log(`${failed.length} failed: ${failed.slice(0, 50).join(' ')}`);
  return failed.length > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
