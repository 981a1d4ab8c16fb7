/** Sizes at which a blob is handled in another way. In bytes. Tests use small ones. */
export interface Thresholds {
  /** Blobs up to this size are held in memory on their way, and travel in batches; larger ones stream. */
  readonly inMemory: number;
  /** From this size on an upload first asks whether it is needed: the question costs less than the bytes. */
  readonly askFirst: number;
  /** From this size on an upload is sent on while it still comes in. Below, it is here before that would save anything. */
  readonly sentWhileComing: number;
  /** What is read of a staged blob, or sent in a message, at once. */
  readonly piece: number;
  /** What one transfer's window holds at most, when it is alone. */
  readonly window: number;
}

export const defaultThresholds: Thresholds = {
  inMemory: 128 * 1024,
  askFirst: 1024 * 1024,
  sentWhileComing: 16 * 1024 * 1024,
  piece: 256 * 1024,
  window: 8 * 1024 * 1024,
};
