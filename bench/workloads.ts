import { createHash } from 'node:crypto';
import { codecs } from '@gorego/compression';
import { ReadResponse } from '@gorego/proto/google/bytestream/bytestream';
import type { Answer } from './grpc-client.ts';
import type { NewBlobs } from './load/load-job.ts';
import { batchRead, findMissing, getActionResult, type Named, type Request, read, readZstd } from './requests.ts';
import type { Stock } from './stock.ts';

/** Calls of one kind, a fixed number of them in flight. */
export interface Workload {
  readonly name: string;
  readonly connections: number;
  /** On each connection. */
  readonly inFlight: number;
  /** Of blobs in one call, for rates in MiB; rates are in calls without it. */
  readonly contentBytes?: number;
  readonly load: SameRequest | NewUploads;
}

export interface SameRequest {
  readonly kind: 'same';
  readonly request: Request;
  readonly expected: Expected;
}

export interface NewUploads extends Omit<NewBlobs, 'callsMax'> {
  /** Above what any server does: blobs are prepared for it. */
  readonly callsPerSecondMax: number;
}

/** What a call must be answered with: that status, and a response body of about that size, bytes. */
export interface Expected {
  readonly status: number;
  readonly bytesMin: number;
  readonly bytesMax: number;
  /** What it must be the zstd of, if it is a Read's. */
  readonly zstdOf?: Named;
}

export interface WorkloadGroup {
  readonly name: string;
  readonly title: string;
  /** Whether servers store blobs compressed. */
  readonly isCompressing?: boolean;
  readonly workloads: (stock: Stock) => readonly Workload[];
}

const notFound = 5;
const ok = 0;
/** How a digest is named in a response: a hash, a size, and what is around them. */
const digestBytes = 70;

/** All of them. The numbers in flight are those of small and large calls of a busy Bazel, not more than helps. */
export const workloadGroups: readonly WorkloadGroup[] = [
  { name: 'unary', title: 'Unary calls', workloads: unary },
  { name: 'reads', title: 'Reads', workloads: reads },
  { name: 'zstd-reads', title: 'Reads by zstd of blobs stored compressed', isCompressing: true, workloads: zstdReads },
  { name: 'writes', title: 'Writes', workloads: () => writes },
];

export function problemOf({ status, message, messages, bodyBytes }: Answer, expected: Expected): string | undefined {
  if (status !== expected.status) return `status ${status} instead of ${expected.status}: ${message}`;
  if (bodyBytes < expected.bytesMin || bodyBytes > expected.bytesMax) {
    return `an answer of ${bodyBytes} bytes instead of ${expected.bytesMin} to ${expected.bytesMax}`;
  }
  if (expected.zstdOf === undefined) return undefined;
  const { hex: wanted, sizeBytes } = expected.zstdOf;
  const blob = codecs().zstd.decompressBytes(dataOf(messages), { bytesMax: sizeBytes });
  const hex = createHash('sha256').update(blob).digest('hex');
  return hex === wanted ? undefined : `not the zstd of ${wanted}`;
}

function dataOf(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(messages.map((bytes) => ReadResponse.decode(bytes).data));
}

function unary(stock: Stock): Workload[] {
  const small = stock.small;
  const absent = stock.absent;
  const half = (count: number): Named[] => small.slice(0, count).map((blob, i) => (i % 2 === 0 ? blob : at(absent, i)));
  const missing = (count: number): Expected => ({
    status: ok,
    bytesMin: 5 + count * digestBytes,
    bytesMax: 5 + count * (digestBytes + 5),
  });
  const find = (name: string, blobs: readonly Named[], missingCount: number, load = busy): Workload => ({
    name: `FindMissing-${name}`,
    ...load,
    load: { kind: 'same', request: findMissing(blobs), expected: missing(missingCount) },
  });
  return [
    find('1-present', small.slice(0, 1), 0),
    find('1-missing', absent.slice(0, 1), 1),
    find('100-present', small.slice(0, 100), 0),
    find('100-half', half(100), 50),
    find('1000-present', small.slice(0, 1000), 0),
    {
      name: 'GetActionResult-hit',
      ...busy,
      load: {
        kind: 'same',
        request: getActionResult(stock.action),
        expected: { status: ok, bytesMin: stock.outputs.length * digestBytes, bytesMax: 2000 },
      },
    },
    {
      name: 'GetActionResult-miss',
      ...busy,
      load: {
        kind: 'same',
        request: getActionResult(at(absent, 0)),
        expected: { status: notFound, bytesMin: 0, bytesMax: 0 },
      },
    },
    {
      name: 'BatchRead-100x2KiB',
      connections: 4,
      inFlight: 4,
      load: {
        kind: 'same',
        request: batchRead(small.slice(0, 100)),
        expected: { status: ok, bytesMin: 100 * (2048 + digestBytes), bytesMax: 100 * (2048 + digestBytes + 30) },
      },
    },
  ];
}

function reads(stock: Stock): Workload[] {
  const inFlight = { 4096: 16, 65536: 8, 1048576: 2 };
  return stock.files.map((blob) => ({
    name: `Read-${sizeName(blob.sizeBytes)}`,
    connections: 4,
    inFlight: inFlight[blob.sizeBytes as keyof typeof inFlight],
    contentBytes: blob.sizeBytes,
    load: {
      kind: 'same',
      request: read(blob),
      expected: { status: ok, bytesMin: blob.sizeBytes, bytesMax: blob.sizeBytes * 1.01 + 100 },
    },
  }));
}

/** Each server compresses as it likes: what must come back is looked at once, then its length must stay. */
function zstdReads(stock: Stock): Workload[] {
  const inFlight = { 65536: 8, 1048576: 2 };
  return stock.texts.map((blob) => ({
    name: `ReadZstd-${sizeName(blob.sizeBytes)}`,
    connections: 4,
    inFlight: inFlight[blob.sizeBytes as keyof typeof inFlight],
    contentBytes: blob.sizeBytes,
    load: {
      kind: 'same',
      request: readZstd(blob),
      expected: { status: ok, bytesMin: blob.sizeBytes / 20, bytesMax: blob.sizeBytes / 2, zstdOf: blob },
    },
  }));
}

const messageBytes = 64 * 1024;

const writes: readonly Workload[] = [
  {
    name: 'BatchUpdate-100x2KiB',
    connections: 4,
    inFlight: 2,
    load: {
      kind: 'new-blobs',
      method: 'batch-update',
      blobBytes: 2048,
      blobsPerCall: 100,
      messageBytes,
      callsPerSecondMax: 3000,
    },
  },
  upload(4096, 4, 60_000),
  upload(65536, 4, 20_000),
  upload(1048576, 2, 2000),
];

function upload(blobBytes: number, inFlight: number, callsPerSecondMax: number): Workload {
  return {
    name: `Write-${sizeName(blobBytes)}`,
    connections: 4,
    inFlight,
    contentBytes: blobBytes,
    load: { kind: 'new-blobs', method: 'write', blobBytes, blobsPerCall: 1, messageBytes, callsPerSecondMax },
  };
}

const busy = { connections: 4, inFlight: 16 };

function sizeName(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20}MiB` : `${bytes / 2 ** 10}KiB`;
}

function at<T>(items: readonly T[], i: number): T {
  const item = items[i];
  if (item === undefined) throw new Error(`the stock has no item ${i}`);
  return item;
}
