import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { unescape } from 'node:querystring';

/** RFC 1928 and, for the password, RFC 1929. */
const VERSION = 5;
const METHOD = { none: 0, password: 2 } as const;
const ADDRESS = { v4: 1, name: 3, v6: 4 } as const;

/** The proxy did not open the way. `reply` is its own number for why; 255: no way to log in that both know. */
export class SocksRefusal extends Error {
  readonly reply: number;

  constructor(reply: number) {
    super(`the SOCKS proxy answered ${reply}`);
    this.name = 'SocksRefusal';
    this.reply = reply;
  }
}

/**
 * Asks a SOCKS 5 proxy for a connection. The proxy resolves the name, with socks5 as with socks5h: so does Go's client.
 * @throws {SocksRefusal} or the error of the socket
 */
export async function openSocksTunnel(proxy: URL, host: string, port: number, timeoutMilliseconds: number): Promise<Socket> {
  const socket = connectSocket({ host: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port === '' ? 1080 : Number(proxy.port) });
  if (timeoutMilliseconds > 0) socket.setTimeout(timeoutMilliseconds, () => socket.destroy(Object.assign(new Error('the proxy did not answer'), { code: 'ETIMEDOUT' })));
  try {
    await converse(socket, proxy, host, port);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setTimeout(0);
  return socket;
}

async function converse(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const [username, password] = [unescape(proxy.username), unescape(proxy.password)];
  const methods = username === '' ? [METHOD.none] : [METHOD.none, METHOD.password];
  socket.write(Buffer.of(VERSION, methods.length, ...methods));
  const [, method] = await read(socket, 2);
  if (method === METHOD.password && username !== '') {
    socket.write(Buffer.concat([Buffer.of(1), counted(username), counted(password)]));
    const [, status] = await read(socket, 2);
    if (status !== 0) throw new SocksRefusal(255);
  } else if (method !== METHOD.none) {
    throw new SocksRefusal(255);
  }
  socket.write(Buffer.concat([Buffer.of(VERSION, 1, 0), addressOf(host), Buffer.of(port >> 8, port & 0xff)]));
  const [version, reply = 255, , type] = await read(socket, 4);
  if (version !== VERSION || reply !== 0) throw new SocksRefusal(reply);
  // The address that the proxy uses itself, which is of no use here.
  const length = type === ADDRESS.v4 ? 4 : type === ADDRESS.v6 ? 16 : ((await read(socket, 1))[0] ?? 0);
  await read(socket, length + 2);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function addressOf(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from([ADDRESS.v4, ...host.split('.').map(Number)]);
  if (isIP(host) === 6) return Buffer.concat([Buffer.of(ADDRESS.v6), addressBytes(host)]);
  return Buffer.concat([Buffer.of(ADDRESS.name), counted(host)]);
}

/** The 16 bytes of an IPv6 address as a URL writes it: hexadecimal groups with one gap at most. */
function addressBytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.from(all.map(group => group.padStart(4, '0')).join(''), 'hex');
}

/** Exactly so many bytes; what comes after them stays in the socket. */
function read(socket: Socket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off('readable', take);
      socket.off('error', fail);
      socket.off('close', closed);
    };
    const take = (): void => {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes === null || bytes.length < count) return;
      done();
      resolve(bytes);
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    const closed = (): void => fail(Object.assign(new Error('the proxy hung up'), { code: 'ECONNRESET' }));
    socket.on('readable', take);
    socket.on('error', fail);
    socket.on('close', closed);
    take();
  });
}
