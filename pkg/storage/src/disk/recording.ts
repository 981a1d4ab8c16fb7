import type { Context } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { OnWritten } from './segments/segment-writer.ts';
import type { StoreParts } from './store-parts.ts';

/** Writes a record into a segment, once there is room for it. */
export async function written(
  parts: Pick<StoreParts, 'segments' | 'room' | 'contents'>,
  ctx: Context,
  header: Uint8Array,
  body: Uint8Array,
  onWritten: OnWritten,
): Promise<void> {
  const { segments, room } = parts;
  const bytes = header.byteLength + body.byteLength;
  const reserving = room.reserve(ctx, bytes);
  const reservation = 'then' in reserving ? await reserving : reserving;
  try {
    await segments.append(header, body, onWritten);
  } catch (reason) {
    if (!(await isRelieved(parts, bytes, reason))) throw reason;
    await segments.append(header, body, onWritten);
  } finally {
    reservation[Symbol.dispose]();
  }
}

/** Does it; and if the disk turns out to be full, once more after something has made way. */
export async function relieved<T>(
  parts: Pick<StoreParts, 'room' | 'contents'>,
  bytes: number,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (reason) {
    if (!(await isRelieved(parts, bytes, reason))) throw reason;
    return await run();
  }
}

/** Was the disk full, and has something made way? */
async function isRelieved(
  { room, contents }: Pick<StoreParts, 'room' | 'contents'>,
  bytes: number,
  reason: unknown,
): Promise<boolean> {
  if (Failure.from(reason).code !== 'resource_exhausted') return false;
  contents.leaves.keepNone();
  return await room.relieve(bytes);
}
