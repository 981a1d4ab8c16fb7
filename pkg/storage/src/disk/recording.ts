import type { Context } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Room } from '../room.ts';
import type { OnWritten } from './segments/segment-writer.ts';
import type { StoreParts } from './store-parts.ts';

/** Writes a record into a segment, once there is room for it. */
export async function written(
  { segments, room }: Pick<StoreParts, 'segments' | 'room'>,
  ctx: Context,
  header: Uint8Array,
  body: Uint8Array,
  onWritten: OnWritten,
): Promise<void> {
  const bytes = header.byteLength + body.byteLength;
  const reserving = room.reserve(ctx, bytes);
  const reservation = 'then' in reserving ? await reserving : reserving;
  try {
    await segments.append(header, body, onWritten);
  } catch (reason) {
    if (!(await isRelieved(room, bytes, reason))) throw reason;
    await segments.append(header, body, onWritten);
  } finally {
    reservation[Symbol.dispose]();
  }
}

/** Does it; and if the disk turns out to be full, once more after something has made way. */
export async function relieved<T>(
  { room }: Pick<StoreParts, 'room'>,
  bytes: number,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (reason) {
    if (!(await isRelieved(room, bytes, reason))) throw reason;
    return await run();
  }
}

/** Was the disk full, and has something made way? */
async function isRelieved(room: Room, bytes: number, reason: unknown): Promise<boolean> {
  return Failure.from(reason).code === 'resource_exhausted' && (await room.relieve(bytes));
}
