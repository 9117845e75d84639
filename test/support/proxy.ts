import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import { connect as connectSocket, createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach } from 'vitest';

const ending: (() => void)[] = [];
afterEach(() => ending.splice(0).forEach(end => end()));

/** A proxy that wants a password where one is given; it ends with the test. */
export async function startProxy(password?: string): Promise<{ readonly port: number; readonly seen: string[] }> {
  const { close, ...proxy } = await openProxy({ ...(password === undefined ? {} : { password }) });
  ending.push(close);
  return proxy;
}

/** A proxy for tunnels (CONNECT) and for whole URLs. `seen` holds the target of each tunnel, and method and URL of each other request. */
export async function openProxy({ password, resolve = host => host }: { readonly password?: string; readonly resolve?: (host: string) => string } = {}): Promise<{ readonly port: number; readonly seen: string[]; readonly close: () => void }> {
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.headers['proxy-authorization'] !== wanted) return void response.writeHead(407).end();
    if (!URL.canParse(request.url ?? '')) return void response.writeHead(400).end();
    const { hostname, port, pathname, search } = new URL(request.url ?? '');
    const { 'proxy-authorization': _login, ...headers } = request.headers;
    const onward = forward({ host: resolve(hostname), port, path: pathname + search, method: request.method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  const wanted = password === undefined ? undefined : `Basic ${Buffer.from(password).toString('base64')}`;
  proxy.on('connect', (request, socket, head) => {
    seen.push(request.url ?? '');
    if (request.headers['proxy-authorization'] !== wanted) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connectSocket(Number(port), resolve(host), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    return undefined;
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    seen,
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}

/** A SOCKS 5 proxy (RFC 1928) that shows which hosts it was asked for; it ends with the test. */
export async function startSocksProxy(options: { readonly password?: string; readonly resolve?: (host: string) => string } = {}): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createSocketServer(socket => {
    socket.on('error', () => undefined);
    serve(socket, options, seen).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, seen };
}

async function serve(socket: Socket, options: Parameters<typeof startSocksProxy>[0] & object, seen: string[]): Promise<void> {
  const next = async (): Promise<Buffer> => (await once(socket, 'data'))[0] as Buffer;
  const greeting = await next();
  const method = options.password === undefined ? 0 : 2;
  if (!greeting.subarray(2).includes(method)) return void socket.end(Buffer.of(5, 0xff));
  socket.write(Buffer.of(5, method));
  if (options.password !== undefined) {
    const login = await next();
    const split = 2 + (login[1] ?? 0);
    const given = `${login.subarray(2, split).toString()}:${login.subarray(split + 1).toString()}`;
    socket.write(Buffer.of(1, given === options.password ? 0 : 1));
    if (given !== options.password) return void socket.end();
  }
  const request = await next();
  const isName = request[3] === 3;
  const host = isName ? request.subarray(5, -2).toString() : request.subarray(4, -2).join('.');
  const port = request.readUInt16BE(request.length - 2);
  seen.push(`${host}:${port}`);
  const onward = connectSocket(port, isName && options.resolve !== undefined ? options.resolve(host) : host, () => {
    socket.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
    onward.pipe(socket).pipe(onward);
  });
  onward.on('error', () => socket.end(Buffer.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)));
}
