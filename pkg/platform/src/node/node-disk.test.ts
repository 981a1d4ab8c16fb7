import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NodeDisk } from './node-disk.ts';

let root: string;
let disk: NodeDisk;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gorego-disk-'));
  disk = new NodeDisk(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('NodeDisk', () => {
  test('writes what it is given where it is told, and reads it back', async () => {
    const file = await disk.create('a');
    await file.write([bytes('hello '), bytes(''), bytes('world')], 0);
    await file.write([bytes('W')], 6);
    await file.sync();
    const into = Buffer.alloc(20);
    expect(await file.read(into, 0)).toBe(11);
    expect(into.toString('utf8', 0, 11)).toBe('hello World');
    expect(await file.stat()).toMatchObject({ kind: 'file', sizeBytes: 11 });
    await file.close();
  });

  test('writes more chunks than one writev takes', async () => {
    const file = await disk.create('many');
    const chunks = Array.from({ length: 3000 }, (_, i) => Uint8Array.of(i & 0xff));
    await file.write(chunks, 0);
    const into = Buffer.alloc(3000);
    expect(await file.read(into, 0)).toBe(3000);
    expect(into).toEqual(Buffer.concat(chunks));
    await file.close();
  });

  test('says undefined for what is not there, and a named Failure for what must be', async () => {
    expect(await disk.open('nothing')).toBeUndefined();
    expect(await disk.stat('nothing')).toBeUndefined();
    expect(await disk.remove('nothing')).toBe(false);
    expect(await disk.list('nothing')).toEqual([]);
    await expect(disk.rename('nothing', 'x')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining(join(root, 'nothing')),
    });
    await expect(disk.create('no/parent')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('says undefined too for what would be below a file', async () => {
    await (await disk.create('a')).close();
    expect(await disk.open('a/b')).toBeUndefined();
    expect(await disk.openToWrite('a/b')).toBeUndefined();
    expect(await disk.stat('a/b')).toBeUndefined();
    expect(await disk.remove('a/b')).toBe(false);
  });

  test('moves, lists and removes', async () => {
    await disk.makeDirectory('x/y');
    await (await disk.create('t')).close();
    await disk.rename('t', 'x/y/f');
    await disk.syncDirectory('x/y');
    expect(await disk.list('x/y')).toEqual([{ name: 'f', kind: 'file' }]);
    expect(await disk.list('x')).toEqual([{ name: 'y', kind: 'directory' }]);
    expect(await disk.remove('x/y/f')).toBe(true);
    expect(await disk.list('x/y')).toEqual([]);
  });

  test('opens what is there to write on, cuts it, and reads at once', async () => {
    expect(await disk.openToWrite('nothing')).toBeUndefined();
    const made = await disk.create('a');
    await made.write([bytes('hello world')], 0);
    await made.close();
    const file = await disk.openToWrite('a');
    await file?.truncate(5);
    await file?.write([bytes('!')], 5);
    const into = Buffer.alloc(20);
    expect(file?.readNow(into, 0)).toBe(6);
    expect(into.toString('utf8', 0, 6)).toBe('hello!');
    await file?.close();
    expect(() => file?.readNow(into, 0)).toThrow('EBADF');
  });

  test('opens, reads and closes at once', async () => {
    expect(disk.openNow('nothing')).toBeUndefined();
    const made = await disk.create('a');
    await made.write([bytes('hello')], 0);
    await made.close();
    expect(disk.openNow('a/b')).toBeUndefined();
    const file = disk.openNow('a');
    const into = Buffer.alloc(3);
    expect(file?.readNow(into, 1)).toBe(3);
    expect(into.toString()).toBe('ell');
    file?.closeNow();
    expect(() => file?.readNow(into, 0)).toThrow('EBADF');
    expect(() => file?.closeNow()).toThrow('EBADF');
  });

  test('removes a directory only when it is empty', async () => {
    await disk.makeDirectory('x/y');
    expect(await disk.removeDirectory('x')).toBe(false);
    expect(await disk.removeDirectory('x/y')).toBe(true);
    expect(await disk.removeDirectory('x/y')).toBe(false);
    expect(await disk.stat('x/y')).toBeUndefined();
    await (await disk.create('z')).close();
    expect(await disk.removeDirectory('z')).toBe(false);
  });

  test('knows what a file takes, and when it was used; and what the disk has left', async () => {
    await (await disk.create('a')).close();
    expect(await disk.setTimes('a', 1_000_000, 2_000_000)).toBe(true);
    expect(await disk.setTimes('nothing', 1, 2)).toBe(false);
    expect(await disk.stat('a')).toMatchObject({ allocatedBytes: 0, accessedMs: 1_000_000, modifiedMs: 2_000_000 });
    const { totalBytes, freeBytes } = await disk.space();
    expect(freeBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  });

  test.each(['../a', 'a/../../b', '/etc/passwd', 'a\0b'])('refuses to leave by %j', async (path) => {
    await expect(disk.open(path)).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
