import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8's heap grow to four times what was in use of it before all of its garbage is collected, old and young; for a
 * program to say once, at its start.
 *
 * V8 adds the memory of buffers to its heap when it asks itself whether that has grown too much. Of a heap of 15 MiB it
 * found so for every dozen MiB of blobs that came in, and went through everything it has: a third of what a server that
 * takes blobs did. With more room it comes to collect what is young alone, which is next to nothing
 * (docs/decisions/0019).
 */
export function letHeapGrow(): void {
  setFlagsFromString('--heap-growing-percent=300');
}
