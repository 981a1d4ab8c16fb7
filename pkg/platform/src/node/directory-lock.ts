import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener, request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Failure } from '@gorego/errors';

const socketName = 'gorego.sock';
/** The longest name of a socket that every system takes, bytes. */
const nameBytesMax = 100;
/** How long whoever holds the lock may take to say so. */
const answerMs = 2000;

/**
 * A directory that is one process's alone, for as long as it lives: a socket in it, which also answers questions. A
 * process that was killed leaves a socket nobody answers, and the next one takes it over.
 */
export class DirectoryLock implements AsyncDisposable {
  readonly #guard: Server | undefined;
  readonly #server: HttpServer | undefined;
  readonly #address: SocketAddress;

  private constructor(guard: Server | undefined, server: HttpServer | undefined, address: SocketAddress) {
    this.#guard = guard;
    this.#server = server;
    this.#address = address;
  }

  /**
   * Takes a directory, which is made if it is missing; `answer` is asked by others, over HTTP. `already_exists`, with
   * the holder's pid, if it is taken; else as the disk fails.
   */
  static async take(directory: string, answer: RequestListener): Promise<DirectoryLock> {
    made(directory);
    // Two that start at once must not both find the socket of a third that is dead.
    const guard = await guardOf(directory);
    const address = new SocketAddress(directory);
    try {
      if (guard === 'taken' || (await holderOf(address)) !== undefined) throw await takenBy(directory, address);
      rmSync(join(directory, socketName), { force: true });
      return new DirectoryLock(guard, await answering(answer, address, directory, guard), address);
    } catch (reason) {
      address[Symbol.dispose]();
      if (guard !== 'taken') guard?.close();
      throw reason;
    }
  }

  /** Asks whoever holds the directory; undefined if nobody does. Chunks of the answer as they come. */
  static async ask(directory: string, method: string, path: string): Promise<AsyncIterable<Buffer> | undefined> {
    using address = new SocketAddress(directory);
    return await asked(address.path, method, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise<unknown>((resolve) => (server === undefined ? resolve(server) : server.close(resolve)));
    this.#address[Symbol.dispose]();
    await new Promise<void>((resolve) => (this.#guard === undefined ? resolve() : this.#guard.close(() => resolve())));
  }
}

/** The socket's name, made short where the directory's is long. */
class SocketAddress implements Disposable {
  readonly path: string;
  readonly #fd: number | undefined;

  constructor(directory: string) {
    const path = join(directory, socketName);
    if (Buffer.byteLength(path) <= nameBytesMax || process.platform !== 'linux') {
      this.path = path;
      return;
    }
    try {
      this.#fd = openSync(directory, 'r');
    } catch (reason) {
      throw Failure.from(reason);
    }
    this.path = `/proc/self/fd/${this.#fd}/${socketName}`;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}

function made(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (reason) {
    const { code } = Failure.from(reason);
    throw new Failure(code, `cannot make the directory ${directory}: ${(reason as NodeJS.ErrnoException).code}`, {
      cause: reason,
    });
  }
}

/** What a file system says that has no sockets, as some that are shared between machines. */
const noSockets: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS']);

/** Answers at the socket; undefined where there can be none, and the kernel's own name is lock enough. */
async function answering(
  answer: RequestListener,
  address: SocketAddress,
  directory: string,
  guard: Server | undefined,
): Promise<HttpServer | undefined> {
  const server = createHttpServer(answer);
  try {
    await listening(server, address.path, join(directory, socketName));
    chmodSync(join(directory, socketName), 0o600);
  } catch (reason) {
    const { cause } = Failure.from(reason);
    if (guard !== undefined && noSockets.has((cause as NodeJS.ErrnoException | undefined)?.code)) return undefined;
    throw reason;
  }
  server.unref();
  return server;
}

/** A name that the kernel gives to one process at a time; elsewhere than on Linux there is none. */
async function guardOf(directory: string): Promise<Server | 'taken' | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { dev, ino } = statSync(directory);
  const guard = createServer((connection) => connection.destroy());
  try {
    await listening(guard, `\0gorego/${dev}/${ino}`, directory);
    guard.unref();
    return guard;
  } catch (reason) {
    if (Failure.from(reason).code === 'already_exists') return 'taken';
    throw reason;
  }
}

async function takenBy(directory: string, address: SocketAddress): Promise<Failure> {
  const pid = await holderOf(address);
  const who = pid === undefined || pid === '' ? 'another process' : `process ${pid}`;
  return new Failure('already_exists', `${directory} is in use by another gorego: ${who}`);
}

/** The pid of who answers at a socket; empty if it doesn't say, undefined if nobody is there. */
async function holderOf(address: SocketAddress): Promise<string | undefined> {
  const answer = await asked(address.path, 'GET', '/pid');
  if (answer === undefined) return undefined;
  let text = '';
  try {
    for await (const chunk of answer) text += chunk.toString();
  } catch {
    return '';
  }
  return /^[0-9]+$/.test(text.trim()) ? text.trim() : '';
}

function asked(socketPath: string, method: string, path: string): Promise<AsyncIterable<Buffer> | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, method, path, agent: false }, (response) => {
      asking.setTimeout(0);
      resolve(response);
    });
    asking.setTimeout(answerMs, () => asking.destroy());
    asking.on('error', (reason: NodeJS.ErrnoException) => {
      const { code } = reason;
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK' || code === 'ENOTDIR') resolve(undefined);
      else if (code === 'ECONNRESET') resolve(nothing());
      else reject(Failure.from(reason));
    });
    asking.end();
  });
}

async function* nothing(): AsyncGenerator<Buffer> {}

function listening(server: Server | HttpServer, path: string, shown: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (reason: NodeJS.ErrnoException) => {
      const code = reason.code === 'EADDRINUSE' ? 'already_exists' : Failure.from(reason).code;
      reject(new Failure(code, `cannot write to ${shown}: ${reason.code}`, { cause: reason }));
    });
    server.listen(path, resolve);
  });
}
