/** What a generator of load is asked to do; see `run-load.ts`. */
export interface LoadJob {
  readonly port: number;
  readonly connections: number;
  /** On each connection. */
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly forMs: number;
  readonly calls: SameCall | NewBlobs;
}

/** The same call again and again. */
export interface SameCall {
  readonly kind: 'same';
  readonly path: string;
  readonly body: Uint8Array;
  /** Any other length of response body is a failure, bytes. */
  readonly responseBytes: number;
}

/** Uploads of blobs that the server has never seen. */
export interface NewBlobs {
  readonly kind: 'new-blobs';
  readonly method: 'write' | 'batch-update';
  readonly blobBytes: number;
  /** 1 for `write`. */
  readonly blobsPerCall: number;
  /** Of a WriteRequest's data, at most. */
  readonly messageBytes: number;
  /** For so many calls names are made beforehand, warming up included; when they are used up the load ends. */
  readonly callsMax: number;
}
