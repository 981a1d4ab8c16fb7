import type { Context } from '@gorego/context';
import { Failure } from '@gorego/errors';
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
  using _ = 'then' in reserving ? await reserving : reserving;
  await relieved({ room }, bytes, () => segments.append(header, body, onWritten));
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
    const isFull = Failure.from(reason).code === 'resource_exhausted';
    if (!isFull || !(await room.relieve(bytes))) throw reason;
    return await run();
  }
}
