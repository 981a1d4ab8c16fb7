import type { Clock, Random } from '@gorego/platform';
import type { Logger } from '@gorego/telemetry';

/** What the outside world lends the object graph. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Where relative directories are. */
  readonly directory: string;
}
