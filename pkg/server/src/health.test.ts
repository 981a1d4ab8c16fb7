import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Serving,
  HealthDefinition as service,
} from '@gorego/proto/grpc/health/v1/health';
import type { Call, LentMessage, Message, Route } from '@gorego/rpc';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Health } from './health.ts';

let health: Health;
let scope: Scope;
let call: Call;

beforeEach(() => {
  health = new Health(['a.Service']);
  scope = new Scope();
  call = callOf(scope);
});

function callOf(scope: Scope): Call {
  return Object.assign(scope, { headers: { text: () => undefined, binary: () => undefined } });
}

const asked = (name: string): Uint8Array => HealthCheckRequest.encode({ service: name }).finish();
const statusIn = (message: Message | LentMessage | undefined): number =>
  HealthCheckResponse.decode(message as Uint8Array).status;

async function check(name: string): Promise<number> {
  const route = health.routes[methodPath(service, 'check')] as Route & { kind: 'unary' };
  return statusIn(await route.handle(call, asked(name)));
}

function watch(name: string): AsyncIterator<Message | LentMessage> {
  const route = health.routes[methodPath(service, 'watch')] as Route & { kind: 'serverStream' };
  return route.handle(call, asked(name))[Symbol.asyncIterator]();
}

// obligation: HL-1
describe('Health', () => {
  test('serves nothing until it is told to, and then nothing again', async () => {
    expect([await check(''), await check('a.Service')]).toEqual([Serving.NOT_SERVING, Serving.NOT_SERVING]);
    health.set(true);
    expect([await check(''), await check('a.Service')]).toEqual([Serving.SERVING, Serving.SERVING]);
    health.set(false);
    expect(await check('')).toBe(Serving.NOT_SERVING);
    await expect(check('another')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('tells who watches of every change, and of nothing else', async () => {
    const watcher = watch('a.Service');
    expect(statusIn((await watcher.next()).value)).toBe(Serving.NOT_SERVING);
    const next = watcher.next();
    health.set(false);
    health.set(true);
    expect(statusIn((await next).value)).toBe(Serving.SERVING);
    health.set(false);
    expect(statusIn((await watcher.next()).value)).toBe(Serving.NOT_SERVING);
  });

  test('keeps a watcher of an unknown service waiting', async () => {
    const watcher = watch('another');
    expect(statusIn((await watcher.next()).value)).toBe(Serving.SERVICE_UNKNOWN);
    const next = watcher.next();
    health.set(true);
    scope.cancel(new Failure('cancelled', 'the client left'));
    await expect(next).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('holds nothing for watchers that have left', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const watched = async (): Promise<WeakRef<Scope>> => {
      const watcher = watch('');
      await watcher.next();
      const next = watcher.next();
      scope.cancel(new Failure('cancelled', 'the client left'));
      await expect(next).rejects.toMatchObject({ code: 'cancelled' });
      return new WeakRef(scope);
    };
    const left = await watched();
    scope = new Scope();
    call = callOf(scope);
    await new Promise((resolve) => setTimeout(resolve));
    collectGarbage();
    expect(left.deref()).toBeUndefined();
    health.set(true);
    expect(await check('')).toBe(Serving.SERVING);
  });
});
