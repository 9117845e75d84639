import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A TCP load balancer: each new connection goes to the next of its servers that takes it. */
export interface Balancer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a balancer; `servers` is asked at each connection, so what stands behind it may change.
 * @param listen by default a free port of 127.0.0.1
 */
export async function startBalancer(servers: () => readonly Address[], listen: Address = { host: '127.0.0.1', port: 0 }): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  const keep = (socket: Socket, other: Socket): void => {
    open.add(socket);
    socket.unref();
    socket.on('close', () => { open.delete(socket); other.destroySoon(); });
  };
  const lead = (client: Socket, all: readonly Address[], first: number, tries: number): void => {
    const server = all[(first + tries) % all.length];
    if (server === undefined || tries >= all.length) {
      client.destroy();
      return;
    }
    const upstream = connect(server.port, server.host);
    const next = (): void => lead(client, all, first, tries + 1);
    upstream.once('error', next);
    upstream.once('connect', () => {
      upstream.off('error', next).on('error', () => undefined); // 'close' follows
      keep(client, upstream);
      keep(upstream, client);
      client.pipe(upstream).pipe(client);
    });
  };
  const server = createServer(client => {
    client.on('error', () => undefined); // 'close' follows
    lead(client, servers(), turn++, 0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise(resolve => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    }),
  };
}
