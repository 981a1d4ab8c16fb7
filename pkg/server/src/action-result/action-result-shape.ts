import type { Shape } from '../shape.ts';

const leaf: Shape = {};
const nodeProperties: Shape = { 1: leaf, 2: leaf, 3: leaf };
const symlink: Shape = { 4: nodeProperties };
const executionMetadata: Shape = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [i + 2, leaf]));

/** The messages in an ActionResult, down to the last. */
export const actionResultShape: Shape = {
  2: { 2: leaf, 7: nodeProperties },
  3: { 3: leaf, 5: leaf },
  6: leaf,
  8: leaf,
  9: executionMetadata,
  10: symlink,
  11: symlink,
  12: symlink,
};
