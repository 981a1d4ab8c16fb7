import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 weigh the memory of buffers together with its heap when it decides to collect garbage; for a program to say
 * once, at its start.
 *
 * Otherwise V8 13 collects everything for each 64 MiB of buffers that were made, however small the heap: nearly half of
 * what a server that streams blobs does (docs/decisions/0015). A program may then hold some 80 MB more.
 */
export function weighBuffersWithHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
