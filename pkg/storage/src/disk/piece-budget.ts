export interface PieceBudgetInit {
  /** What all pieces in memory may take together, about. */
  readonly bytesTarget: number;
  /** No piece need be smaller, however many there are. */
  readonly pieceBytesMin: number;
  readonly pieceBytesMax: number;
}

/** Memory that many share: the less of it is left, the smaller the next piece. */
export class PieceBudget {
  readonly #init: PieceBudgetInit;
  #heldBytes = 0;

  constructor(init: PieceBudgetInit) {
    this.#init = init;
  }

  /** How large the next piece may be: an eighth of what is left, so that those who come next find something too. */
  get nextBytes(): number {
    const { bytesTarget, pieceBytesMin, pieceBytesMax } = this.#init;
    const share = Math.floor((bytesTarget - this.#heldBytes) / 8);
    return Math.min(pieceBytesMax, Math.max(pieceBytesMin, share));
  }

  /** So many more are held, or, if negative, fewer. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }
}
