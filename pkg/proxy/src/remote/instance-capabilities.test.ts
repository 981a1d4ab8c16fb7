import { background, TaskGroup } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { ManualClock } from '@gorego/platform/testing';
import { ServerCapabilities } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { InstanceCapabilities } from './instance-capabilities.ts';

const sized = (maxCasBlobSizeBytes: number): ServerCapabilities =>
  ServerCapabilities.fromPartial({ cacheCapabilities: { maxCasBlobSizeBytes } });

let clock: ManualClock;
let tasks: TaskGroup;
let asked: string[];
let answer: (instance: string) => Promise<ServerCapabilities>;
let capabilities: InstanceCapabilities;
beforeEach(() => {
  clock = new ManualClock();
  tasks = new TaskGroup(background(), () => {});
  asked = [];
  answer = async (instance) => sized(instance.length);
  const ask = (instance: string): Promise<ServerCapabilities> => {
    asked.push(instance);
    return answer(instance);
  };
  capabilities = new InstanceCapabilities({ clock, tasks, ask });
});
afterEach(() => tasks[Symbol.asyncDispose]());

describe('what an upstream says of an instance', () => {
  test('is asked for each, and remembered', async () => {
    for (const name of ['ab', 'abc', 'ab']) expect(await capabilities.of(name)).toEqual(sized(name.length));
    expect(asked).toEqual(['ab', 'abc']);
  });

  test('is asked again after five minutes, and nobody waits for that', async () => {
    await capabilities.of('ab');
    clock.pass(5 * 60_000);
    answer = async () => sized(7);
    expect(await capabilities.of('ab')).toEqual(sized(2));
    expect(await capabilities.of('ab')).toEqual(sized(7));
    expect(asked).toEqual(['ab', 'ab']);
  });

  test('is unknown after 0.3 s of silence, and known once it is said', async () => {
    const { promise, resolve } = Promise.withResolvers<ServerCapabilities>();
    answer = () => promise;
    const first = capabilities.of('ab');
    clock.pass(300);
    expect(await first).toBeUndefined();
    resolve(sized(9));
    expect(await capabilities.of('ab')).toEqual(sized(9));
    expect(asked).toEqual(['ab']);
  });

  test('is unknown while the upstream is away, which is not asked about at each turn', async () => {
    answer = async () => {
      throw new Failure('unavailable', 'away');
    };
    for (let i = 0; i < 3; i++) expect(await capabilities.of('ab')).toBeUndefined();
    expect(asked).toEqual(['ab']);
    clock.pass(2000);
    answer = async () => sized(3);
    expect(await capabilities.of('ab')).toEqual(sized(3));
  });

  test('stays what it was when it can’t be asked again', async () => {
    await capabilities.of('ab');
    clock.pass(5 * 60_000);
    answer = async () => {
      throw new Failure('unavailable', 'away');
    };
    for (let i = 0; i < 2; i++) expect(await capabilities.of('ab')).toEqual(sized(2));
  });

  test('is remembered of a thousand instances', async () => {
    for (let i = 0; i <= 1000; i++) await capabilities.of(`${i}`);
    await capabilities.of('1000');
    expect(asked).toHaveLength(1001);
    await capabilities.of('0');
    expect(asked).toHaveLength(1002);
  });
});
