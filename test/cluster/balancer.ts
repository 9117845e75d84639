import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A TCP load balancer on 127.0.0.1: each new connection goes to the next of its ports. */
export interface Balancer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a balancer; `ports` is asked at each connection, so what stands behind it may change. */
export async function startBalancer(ports: () => readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer(client => {
    const all = ports();
    const port = all[turn++ % all.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      open.add(socket);
      socket.unref();
      socket.on('error', () => undefined); // 'close' follows
      socket.on('close', () => { open.delete(socket); other.destroySoon(); });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
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
