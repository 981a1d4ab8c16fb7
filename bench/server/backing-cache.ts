import { FaultyProxy } from '@gorego/simulation/testing';
import type { Plan } from '../suites/suite.ts';
import { gorego, ownCheckout } from './peer.ts';
import { RunningServer } from './running-server.ts';

/** A cache for others to stand before, on the load's core, and the line to it, in this process. */
export class BackingCache implements AsyncDisposable {
  readonly server: RunningServer;
  readonly line: FaultyProxy;

  private constructor(server: RunningServer, line: FaultyProxy) {
    this.server = server;
    this.line = line;
  }

  static async start(plan: Plan): Promise<BackingCache> {
    const cores = { ...plan.cores, server: plan.cores.load };
    const server = await RunningServer.start(gorego('upstream', ownCheckout), plan.newDirectory('upstream'), cores);
    return new BackingCache(server, await FaultyProxy.listen(server.port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
