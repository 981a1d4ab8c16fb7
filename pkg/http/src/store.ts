import type { Codecs } from '@gorego/compression';
import type { Clock } from '@gorego/platform';
import type { Activity, DigestFunctions, Instances } from '@gorego/server';
import type { References } from '@gorego/storage';
import type { SizeOf } from './hash-names.ts';
import type { KnownSizes } from './known-sizes.ts';
import type { Scratches } from './scratch.ts';
import type { Values } from './values.ts';

/** What all of the protocols share. */
export interface Store {
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  readonly references: References;
  readonly sizes: KnownSizes;
  readonly sizeOf: SizeOf;
  readonly values: Values;
  readonly scratches: Scratches;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly codecs: Codecs;
  readonly bytesMax: number;
}
