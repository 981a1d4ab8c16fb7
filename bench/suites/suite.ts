import type { Cores } from '../machine.ts';
import type { Table } from '../report/table.ts';
import type { Peer } from '../server/peer.ts';

/** What is asked of a run. */
export interface Plan {
  readonly peers: readonly Peer[];
  readonly cores: Cores;
  readonly rounds: number;
  /** Of one measurement. */
  readonly forMs: number;
  readonly warmUpMs: number;
  /** Builds by Bazel of each server, all hits. */
  readonly builds: number;
  /** Stores of so many blobs are opened. */
  readonly storeSizes: readonly number[];
  readonly largeBlobBytes: number;
  /** Uses LoadConnection even where h2load would do. */
  readonly withoutH2load: boolean;
  /** Is `SUITE/NAME` to be measured? */
  wants(suite: string, name: string): boolean;
  /** A new empty directory; all go at the end. */
  newDirectory(name: string): string;
  /** Tells whoever waits what is going on. */
  progress(text: string): void;
}

/** Measures one kind of thing on all servers. Undefined if nothing of it is wanted. */
export type Suite = (plan: Plan) => Promise<Table | undefined>;

export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
