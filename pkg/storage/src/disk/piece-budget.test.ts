import { describe, expect, test } from '@jest/globals';
import { PieceBudget } from './piece-budget.ts';

const bytesTarget = 8000;
const [pieceBytesMin, pieceBytesMax] = [10, 500];

describe('PieceBudget', () => {
  test('gives pieces that get smaller the more is held, within bounds', () => {
    const budget = new PieceBudget({ bytesTarget, pieceBytesMin, pieceBytesMax });
    const pieces: number[] = [];
    for (let i = 0; i < 200; i++) {
      pieces.push(budget.nextBytes);
      budget.hold(budget.nextBytes);
    }
    expect(pieces[0]).toBe(pieceBytesMax);
    expect(pieces.at(-1)).toBe(pieceBytesMin);
    expect(pieces).toEqual(pieces.toSorted((a, b) => b - a));
    const heldBytes = pieces.reduce((sum, bytes) => sum + bytes, 0);
    expect(heldBytes).toBeLessThan(bytesTarget + 200 * pieceBytesMin);
    budget.hold(-heldBytes);
    expect(budget.nextBytes).toBe(pieceBytesMax);
  });
});
