import { createServer } from 'node:net';

/** Starts something on a free port, and on another one should somebody take it in between. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      // The last words of the program stand in the message.
      if (attempt === 3 || !(error as Error).message.includes('address already in use')) throw error;
    }
  }
}

/** A free port of 127.0.0.1, below the ports that the kernel hands to outgoing connections, which would race with us. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isFree = await new Promise<boolean>(resolve => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
