import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';

/** The machine's own chance. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
