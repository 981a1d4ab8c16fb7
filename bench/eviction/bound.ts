import type { Outcome } from './replay.ts';
import { closureBytes, nextAsks, resultBytes, type Trace, totalsOf } from './trace.ts';

/**
 * More than any cache of that size can do, even one that knows the future. To hit an ask, its closure has to be kept from
 * the ask before: that takes bytes × time, of which there is capacity × time. The best asks for that price are taken until it is spent,
 * wherever they lie; a blob that several actions name costs each of them its part. Each measure is bounded by itself.
 */
export function bound(trace: Trace, capacityBytes: number): Outcome {
  const next = nextAsks(trace);
  const totals = totalsOf(trace);
  const price = pricesOf(trace);
  const again: number[] = [];
  for (let place = 0; place < next.length; place++)
    if ((next[place] as number) < Number.POSITIVE_INFINITY) again.push(place);
  const costs = again.map((place) => {
    const action = trace.asked[place] as number;
    return (price[action] as number) * ((next[place] as number) - place);
  });
  const most = (gainOf: (action: number) => number): number => {
    const gains = again.map((place) => gainOf(trace.asked[place] as number));
    const densities = gains.map((gain, i) => gain / (costs[i] as number));
    const order = Uint32Array.from(again.keys()).sort((a, b) => (densities[b] as number) - (densities[a] as number));
    let left = capacityBytes * trace.asked.length;
    let sum = 0;
    for (const i of order) {
      const share = Math.min(1, left / (costs[i] as number));
      sum += share * (gains[i] as number);
      left -= share * (costs[i] as number);
      if (left <= 0) break;
    }
    return sum;
  };
  return {
    hits: most(() => 1) / totals.asks,
    bytes: most((action) => closureBytes(trace, action)) / totals.bytes,
    seconds: most((action) => trace.seconds[action] as number) / totals.seconds,
  };
}

/** What keeping each action takes, bytes, if all who share a blob with it pay their part. */
function pricesOf({ blobsOf, bytesOf }: Trace): Float64Array {
  const sharers = new Uint32Array(bytesOf.length);
  for (const blobs of blobsOf) for (const blob of new Set(blobs)) sharers[blob] = (sharers[blob] as number) + 1;
  return Float64Array.from(blobsOf, (blobs) =>
    [...new Set(blobs)].reduce((sum, blob) => sum + (bytesOf[blob] as number) / (sharers[blob] as number), resultBytes),
  );
}
