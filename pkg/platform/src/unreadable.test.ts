import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { NodeDisk } from './node/node-disk.ts';
import { isUnreadable } from './unreadable.ts';

const failureOf = (errno: string): Failure =>
  new Failure('unknown', errno, { cause: Object.assign(new Error(errno), { code: errno }) });

describe('isUnreadable', () => {
  test.each(['EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'EBADMSG', 'EUCLEAN'])('blames the file for %s', (errno) => {
    expect(isUnreadable(failureOf(errno))).toBe(true);
  });

  test.each(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EAGAIN', 'EBADF', 'ENOENT'])('does not for %s', (errno) => {
    expect(isUnreadable(failureOf(errno))).toBe(false);
  });

  test('does not for what no disk said', () => {
    expect(isUnreadable(new Failure('internal', 'EIO'))).toBe(false);
  });

  test('knows what a disk says of a directory that is read like a file', async () => {
    const root = await mkdtemp(join(tmpdir(), 'gorego-unreadable-'));
    try {
      await mkdir(join(root, 'd'));
      const file = await new NodeDisk(root).open('d');
      const failure = await file?.read(Buffer.alloc(10), 0).catch((reason: unknown) => reason);
      await file?.close();
      expect(isUnreadable(failure as Failure)).toBe(true);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
