import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request on its way. */
export type Fault =
  /** Passed on unharmed. */
  | { readonly kind: 'none' }
  /** Answered with a status instead of being passed on. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Connection cut before it reaches the server. */
  | { readonly kind: 'cut' }
  /** Passed on and done, but the answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** Never answered. */
  | { readonly kind: 'hang' };

const NONE: Fault = { kind: 'none' };

/** A loopback proxy before a real or fake server that injects faults. */
export class FaultProxy {
  /** Decides for each request, by its order (from 0). */
  fault: (n: number, method: string, path: string) => Fault = () => NONE;
  /** `METHOD path` of every request seen, in order. */
  readonly seen: string[] = [];
  readonly #server: Server;

  private constructor(private readonly target: string) {
    this.#server = createServer((request, response) => this.#forward(request, response));
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((done) => proxy.#server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const path = (incoming.url ?? '').split('?')[0]!;
    const fault = this.fault(this.seen.length, incoming.method ?? '', path);
    this.seen.push(`${incoming.method} ${path}`);
    if (fault.kind === 'cut') return void incoming.socket.destroy();
    if (fault.kind === 'hang') return;
    if (fault.kind === 'status') {
      incoming.resume();
      outgoing.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter });
      return void outgoing.end('injected');
    }
    const target = new URL(incoming.url ?? '/', this.target);
    const forwarded = httpRequest(
      target,
      { method: incoming.method, headers: { ...incoming.headers, host: target.host } },
      (answer) => {
        if (fault.kind === 'lose-answer') {
          answer.resume().on('end', () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  }
}
