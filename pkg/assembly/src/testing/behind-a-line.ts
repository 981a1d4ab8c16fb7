import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reapi } from '@gorego/server/testing';
import { FaultyProxy } from '@gorego/simulation/testing';
import type { Running } from '../assemble.ts';
import { assembled, get } from './assembled.ts';

/** No call may take longer to be answered, whatever the line does. */
export const deadlineMs = 10_000;

/** A goREgo, the goREgo that is its backing cache, and the faulty line between them. Clients of both. */
export class BehindALine implements AsyncDisposable {
  readonly near: Running;
  readonly line: FaultyProxy;
  /** Asks the near one. */
  readonly api: Reapi;
  /** Asks the backing cache, past the line. */
  readonly farApi: Reapi;
  readonly #stack: AsyncDisposableStack;

  private constructor(near: Running, far: Running, line: FaultyProxy, stack: AsyncDisposableStack) {
    this.near = near;
    this.line = line;
    this.#stack = stack;
    this.api = stack.use(new Reapi(subjectOf(near), deadlineMs));
    this.farApi = stack.use(new Reapi(subjectOf(far), deadlineMs));
  }

  static async start(...flags: readonly string[]): Promise<BehindALine> {
    await using stack = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'gorego-line-'));
    stack.defer(() => rm(directory, { recursive: true, maxRetries: 5 }));
    const far = stack.use(await assembled(directory, '--local_store.dir=far'));
    const line = stack.use(await FaultyProxy.listen(far.rpc.address.port));
    const target = `--backing_cache.target=grpc://127.0.0.1:${line.port}`;
    const near = stack.use(await assembled(directory, '--local_store.dir=near', target, ...flags));
    return new BehindALine(near, far, line, stack.move());
  }

  /** Resolves when the near one says that it can, or can't, reach its backing cache. */
  async until(state: 'ready' | 'degraded'): Promise<void> {
    while (!(await get(this.near, '/readyz')).text.startsWith(state))
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function subjectOf({ rpc }: Running): ConstructorParameters<typeof Reapi>[0] {
  return { address: rpc.address, mode: 'strict', offers: [], instances: [''] };
}
