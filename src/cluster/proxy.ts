import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { unescape } from 'node:querystring';
import type { Duplex } from 'node:stream';
import { Problem } from '../problem.ts';
import { loadPlainHttp } from './plain-http.ts';

/**
 * The proxy that leads to the server: the cluster's `proxy-url`, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY or a
 * loopback address excludes it, by the rules of Go's httpproxy package.
 * @throws {Problem} the setting is no URL of an http, https or socks5 proxy; the message does not quote it, as it may hold a password
 */
export function proxyFor(server: URL, proxyUrl: string | undefined, env: NodeJS.ProcessEnv): URL | undefined {
  if (proxyUrl !== undefined) return parseProxy(proxyUrl, 'proxy-url in the kubeconfig');
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const set = [name, name.toLowerCase()].find(key => (env[key] ?? '') !== '');
  if (set === undefined || isExcluded(server, env.NO_PROXY ?? env.no_proxy ?? '')) return undefined;
  const value = env[set] ?? '';
  return parseProxy(value.includes('://') ? value : `http://${value}`, set);
}

function parseProxy(value: string, origin: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && ['http:', 'https:', 'socks5:', 'socks5h:'].includes(url.protocol) && url.hostname !== '') return url;
  throw new Problem(`${origin} is no URL of an http, https or socks5 proxy; write it as http://host:port`);
}

function isExcluded(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  if (host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, family))) return true;
  const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
  return noProxy.split(',').map(entry => entry.trim().toLowerCase()).filter(entry => entry !== '').some(entry => {
    if (entry === '*') return true;
    const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d+)$/.exec(entry) ?? [];
    if (isIP(address) !== 0) {
      const block = new BlockList();
      block.addSubnet(address, Math.min(Number(bits), isIP(address) === 6 ? 128 : 32), isIP(address) === 6 ? 'ipv6' : 'ipv4');
      return isIP(host) !== 0 && block.check(host, family);
    }
    const [, bare = entry, itsPort] = isIP(entry) === 6 ? [entry, entry] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
    if (itsPort !== undefined && itsPort !== port) return false;
    const suffix = bare.replace(/^\*?(?=\.)/, '');
    return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`));
  });
}

/** A proxy did not open the way: `status` is its answer. */
export class ProxyRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answered ${status}`);
    this.name = 'ProxyRefusal';
    this.status = status;
  }
}

/** What a proxy's URL says about who asks it, as a header. */
export function proxyAuthorization(proxy: URL): string | undefined {
  const user = `${unescape(proxy.username)}:${unescape(proxy.password)}`;
  return user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`;
}

/** Asks a proxy for a tunnel, with CONNECT or by SOCKS. What it answers is a bare stream to the server. */
export async function openTunnel(proxy: URL, server: URL, timeoutMilliseconds: number): Promise<Duplex> {
  if (proxy.protocol.startsWith('socks5')) {
    const { openSocksTunnel, SocksRefusal } = await import('./socks.ts');
    const port = server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : Number(server.port);
    try {
      return await openSocksTunnel(proxy, server.hostname.replace(/^\[|\]$/g, ''), port, timeoutMilliseconds);
    } catch (error) {
      throw error instanceof SocksRefusal ? new ProxyRefusal(error.reply) : error;
    }
  }
  const { plainHttp } = await loadPlainHttp(proxy);
  return new Promise((resolve, reject) => {
    const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
    const target = `${server.hostname}:${port}`;
    const login = proxyAuthorization(proxy);
    const request = (plainHttp?.request ?? httpsRequest)({
      hostname: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { Host: target, ...(login === undefined ? {} : { 'Proxy-Authorization': login }) },
      agent: false,
      rejectUnauthorized: true,
      ...(timeoutMilliseconds > 0 ? { timeout: timeoutMilliseconds } : {}),
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('the proxy did not answer'), { code: 'ETIMEDOUT' })));
    request.on('error', reject);
    request.on('connect', (answer, socket, head) => {
      request.setTimeout(0);
      socket.setTimeout(0);
      if (answer.statusCode !== 200) {
        socket.destroy();
        reject(new ProxyRefusal(answer.statusCode ?? 0));
      } else {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      }
    });
    // Without a 'connect' listener's upgrade, a proxy that answers with a page would leave the request waiting.
    request.on('response', answer => {
      answer.resume();
      reject(new ProxyRefusal(answer.statusCode ?? 0));
    });
    request.end();
  });
}
