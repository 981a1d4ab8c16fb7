import { readFileSync } from 'node:fs';

/** Tells one run of this machine from another; undefined where the system doesn't say. */
export function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
