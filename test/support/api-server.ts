import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { continueToken, expiredContinue, forbidden, json, plain, resourceReply, status, tooManyRequests, unauthorized, type Access, type Reply, type User } from './api-answers.ts';
import { parseResourcePath, type ApiData } from './api-data.ts';
import { createCertificate, type Certificate, type CertificateFields } from './certificates.ts';

/** What goes wrong with an answer. */
export type Fault =
  /** The API server's own answer for 401, 403, 404, 410, 429, 500 and 503. */
  | { readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly reply: Reply }
  | { readonly slow: 'headers' | 'body'; readonly milliseconds: number }
  /** Where the answer breaks off: `length` is a body shorter than its Content-Length, `gzip` a whole answer around half an archive. */
  | { readonly cut: 'beforeHeaders' | 'midBody' | 'length' | 'gzip' }
  /** Bytes that claim to be gzip. */
  | { readonly corrupt: 'gzip' };

export interface FaultRule {
  /** A path without its query; one that ends in `*` stands for all that begin so. */
  readonly path: string;
  /** How many requests it spoils; absent means all. */
  readonly times?: number;
  /** Only requests for the second page of a list and those after it. */
  readonly onNextPages?: boolean;
  readonly fault: Fault;
}

export interface FakeApiServerOptions {
  readonly data: ApiData;
  readonly faults?: readonly FaultRule[];
  /** What may not be done: answers 403, and "no" to access reviews. */
  readonly isForbidden?: (access: Access) => boolean;
  readonly tokens?: Readonly<Record<string, User>>;
  readonly passwords?: Readonly<Record<string, string>>;
  /** Whether a request without a credential is let in as system:anonymous, as by default; else 401. */
  readonly anonymous?: boolean;
  /** The rules that a self subject rules review lists. */
  readonly rules?: readonly object[];
  /** Issues the certificates of the server and of its users; made anew where it is not given. */
  readonly authority?: Certificate;
  /** Answers what plain data cannot, pods that come and go above all; undefined leaves a request to the rest. */
  readonly answer?: (request: { readonly method: string; readonly path: string; readonly query: URLSearchParams; readonly body: string }) => Reply | undefined;
  /** Changes the server's own certificate. */
  readonly certificate?: Partial<CertificateFields>;
  /** Refuses a handshake without a good client certificate, as some gateways do; an API server never does. */
  readonly demandsCertificate?: boolean;
  /** Plain HTTP, like `kubectl proxy`. */
  readonly plainHttp?: boolean;
  /** The path under which the API is served, like a Rancher proxy's `/k8s/clusters/c-1`. */
  readonly prefix?: string;
  /** Takes a request that wants to become something else, as port-forward does; without it the request is answered as any other. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, user: User | undefined) => void;
  /** Bytes from which an answer is compressed for who accepts it; the real server's default. */
  readonly gzipFrom?: number;
}

/** A request as it came in, without what is secret. */
export interface LoggedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly user: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The name that was asked for in the handshake (SNI), and the subject of the client certificate; empty where there was none. */
  readonly serverName: string;
  readonly clientSubject: string;
}

export interface FakeApiServer {
  readonly url: string;
  readonly authority: Certificate;
  /** All so far; a test may empty it. */
  readonly requests: LoggedRequest[];
  /** Connections opened so far. */
  readonly connections: () => number;
  /** Upgraded connections that are still open. */
  readonly tunnels: () => number;
  readonly setFaults: (faults: readonly FaultRule[]) => void;
  /** A `user` entry with a client certificate of this server's authority, embedded. */
  readonly certificateUser: (fields: Omit<CertificateFields, 'use'>) => object;
  /** A kubeconfig, YAML, with one context; `cluster` and `user` are kubeconfig entries, the cluster's default reaches this server. */
  readonly kubeconfig: (parts?: { readonly user?: object; readonly cluster?: object; readonly context?: string; readonly namespace?: string }) => string;
  readonly close: () => Promise<void>;
}

/** Starts an API server on a free port of 127.0.0.1 that answers from plain data over real TLS. */
export async function startFakeApiServer(options: FakeApiServerOptions): Promise<FakeApiServer> {
  const authority = options.authority ?? createCertificate({ commonName: 'kubernetes', use: 'authority' });
  const own = createCertificate({ commonName: 'kube-apiserver', names: ['localhost', 'kubernetes.default.svc', '127.0.0.1'], ...options.certificate, use: 'server' }, authority);
  const requests: LoggedRequest[] = [];
  let faults = countdown(options.faults ?? []);
  let connections = 0;

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
  const server = options.plainHttp === true
    ? createHttpServer(listener)
    : createHttpsServer({
        cert: own.certificate,
        key: own.key,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: options.demandsCertificate === true,
      }, listener);
  server.on(options.plainHttp === true ? 'connection' : 'secureConnection', () => (connections += 1));
  const upgraded = new Set<Duplex>();
  const { onUpgrade } = options;
  if (onUpgrade !== undefined) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      upgraded.add(socket);
      socket.on('close', () => upgraded.delete(socket));
      const user = userOf(request, options);
      requests.push({ method: request.method ?? '', path: request.url ?? '', user: user?.name ?? '', headers: withoutSecrets(request), ...shownInHandshake(request) });
      onUpgrade(request, socket, user);
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `${options.plainHttp === true ? 'http' : 'https'}://127.0.0.1:${port}${options.prefix ?? ''}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const asked = request.url ?? '';
    const full = new URL(asked, 'http://server');
    const user = userOf(request, options);
    requests.push({ method: request.method ?? '', path: asked, user: user?.name ?? '', headers: withoutSecrets(request), ...shownInHandshake(request) });
    const prefix = options.prefix ?? '';
    if (!full.pathname.startsWith(`${prefix}/`)) return send(request, response, plain(404, '404 page not found\n'), options, undefined);
    const path = full.pathname.slice(prefix.length);
    const fault = faults(path, full.searchParams.has('continue'));
    if (fault !== undefined && 'slow' in fault && fault.slow === 'headers') await sleep(fault.milliseconds, undefined, { ref: false });
    return send(request, response, replyTo(request, path, full.searchParams, body, user, fault), options, fault);
  }

  function replyTo(request: IncomingMessage, path: string, query: URLSearchParams, body: string, user: User | undefined, fault: Fault | undefined): Reply {
    if (user === undefined) return unauthorized();
    const access = accessOf(request, path, user);
    if (fault !== undefined && 'reply' in fault) return fault.reply;
    if (fault !== undefined && 'status' in fault) return statusFault(fault.status, fault.retryAfterSeconds ?? 1, access, query);
    if (request.method === 'POST' && path.includes('/self')) return reviewReply(path, body, user, options);
    if (options.isForbidden?.(access) === true) return forbidden(access);
    const own = options.answer?.({ method: request.method ?? '', path, query, body });
    if (own !== undefined) return own;
    if (request.method === 'POST') return reviewReply(path, body, user, options);
    if (request.method !== 'GET') return status(405, 'the server does not allow this method on the requested resource');
    const discovery = (request.headers.accept ?? '').includes('as=APIGroupDiscoveryList') ? options.data.lists.get(`/discovery${path}`) : undefined;
    if (discovery !== undefined) return json(200, discovery);
    const text = options.data.texts.get(path);
    if (text !== undefined) return { status: 200, contentType: text.startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8', body: text };
    const failure = options.data.failures?.get(path);
    if (failure !== undefined) return { ...failure, contentType: failure.body.startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8' };
    const at = parseResourcePath(path);
    if (at === undefined) return plain(404, '404 page not found\n');
    return resourceReply(options.data, at, query, request.headers.accept ?? '');
  }

  return {
    url,
    authority,
    requests,
    connections: () => connections,
    tunnels: () => upgraded.size,
    setFaults: rules => (faults = countdown(rules)),
    certificateUser: fields => {
      const { certificate, key } = createCertificate({ ...fields, use: 'client' }, authority);
      return { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
    },
    kubeconfig: ({ user = {}, cluster, context = 'fake', namespace } = {}) =>
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'fake', cluster: { server: url, ...(cluster ?? (options.plainHttp === true ? {} : { 'certificate-authority-data': base64(authority.certificate) })) } }],
        users: [{ name: 'tester', user }],
        contexts: [{ name: context, context: { cluster: 'fake', user: 'tester', ...(namespace === undefined ? {} : { namespace }) } }],
        'current-context': context,
      }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Hands out each rule's fault as often as it says; the first rule that fits a path and is not used up counts. */
function countdown(rules: readonly FaultRule[]): (path: string, isNextPage: boolean) => Fault | undefined {
  const left = rules.map(rule => ({ rule, times: rule.times ?? Infinity }));
  return (path, isNextPage) => {
    const entry = left.find(({ rule, times }) => times > 0 && (isNextPage || rule.onNextPages !== true) && (rule.path.endsWith('*') ? path.startsWith(rule.path.slice(0, -1)) : path === rule.path));
    if (entry === undefined) return undefined;
    entry.times -= 1;
    return entry.rule.fault;
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Who asks: a client certificate of this authority, within its time, or a token, or a password; undefined is a 401. */
function userOf(request: IncomingMessage, options: FakeApiServerOptions): User | undefined {
  const user = credentialUser(request, options);
  const as = request.headers['impersonate-user'];
  if (user === undefined || typeof as !== 'string') return user;
  const groups = request.headers['impersonate-group'];
  return { name: as, groups: typeof groups === 'string' ? groups.split(', ') : [] };
}

function credentialUser(request: IncomingMessage, options: FakeApiServerOptions): User | undefined {
  const { socket } = request;
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate !== undefined && socket instanceof TLSSocket) {
    if (!socket.authorized) return undefined;
    const part = (name: string): string[] => [...certificate.subject.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(match => match[1] ?? '');
    return { name: part('CN')[0] ?? '', groups: [...part('O'), 'system:authenticated'] };
  }
  const [scheme, secret = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme === 'Bearer') return options.tokens?.[secret];
  if (scheme === 'Basic') {
    const [name = '', password] = Buffer.from(secret, 'base64').toString('utf8').split(':');
    return password !== undefined && options.passwords?.[name] === password ? { name, groups: ['system:authenticated'] } : undefined;
  }
  return options.anonymous === false ? undefined : { name: 'system:anonymous', groups: ['system:unauthenticated'] };
}

function shownInHandshake({ socket }: IncomingMessage): Pick<LoggedRequest, 'serverName' | 'clientSubject'> {
  const { servername, subject } = socket instanceof TLSSocket ? { servername: socket.servername, subject: socket.getPeerX509Certificate()?.subject } : {};
  return { serverName: typeof servername === 'string' ? servername : '', clientSubject: subject?.replaceAll('\n', ',') ?? '' };
}

function withoutSecrets(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, name === 'authorization' ? `${String(value).split(' ')[0]} (hidden)` : String(value)]),
  );
}

function accessOf(request: IncomingMessage, path: string, user: User): Access {
  const at = parseResourcePath(path);
  const method = (request.method ?? '').toLowerCase();
  if (at === undefined) return { user, verb: method, group: '', resource: '', path };
  const { collection: _collection, ...attributes } = at;
  return { user, verb: method === 'post' ? 'create' : at.name === undefined ? 'list' : 'get', ...attributes };
}

function statusFault(code: number, retryAfterSeconds: number, access: Access, query: URLSearchParams): Reply {
  switch (code) {
    case 401:
      return unauthorized();
    case 403:
      return forbidden(access);
    case 404:
      return plain(404, '404 page not found\n');
    case 410:
      return expiredContinue(query.get('continue') ?? continueToken(0));
    case 429:
      return tooManyRequests(retryAfterSeconds);
    default:
      return status(code, code === 503 ? 'the server is currently unable to handle the request' : 'Internal error occurred: a fault of this test');
  }
}

/** The three questions that a caller may ask about itself. */
function reviewReply(path: string, body: string, user: User, options: FakeApiServerOptions): Reply {
  const review = JSON.parse(body) as { readonly spec?: { readonly resourceAttributes?: Partial<Access> & { verb?: string }; readonly nonResourceAttributes?: { verb: string; path: string } } };
  if (path.endsWith('/selfsubjectreviews')) {
    return json(201, { ...review, metadata: {}, status: { userInfo: { username: user.name, groups: user.groups } } });
  }
  if (path.endsWith('/selfsubjectrulesreviews')) {
    const resourceRules = options.rules ?? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
    return json(201, { ...review, metadata: {}, status: { resourceRules, nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }], incomplete: false } });
  }
  if (!path.endsWith('/selfsubjectaccessreviews')) return status(405, 'the server does not allow this method on the requested resource');
  const { resourceAttributes, nonResourceAttributes } = review.spec ?? {};
  const access: Access = { user, verb: '', group: '', resource: '', ...resourceAttributes, ...nonResourceAttributes };
  return json(201, { ...review, metadata: {}, status: { allowed: options.isForbidden?.(access) !== true } });
}

async function send(request: IncomingMessage, response: ServerResponse, reply: Reply, options: FakeApiServerOptions, fault: Fault | undefined): Promise<void> {
  const cut = fault !== undefined && 'cut' in fault ? fault.cut : undefined;
  if (cut === 'beforeHeaders') return void request.socket.destroy();
  const plainBody = Buffer.from(reply.body);
  const isSpoiltGzip = cut === 'gzip' || (fault !== undefined && 'corrupt' in fault);
  const isGzip = isSpoiltGzip || (request.headers['accept-encoding'] === 'gzip' && plainBody.length >= (options.gzipFrom ?? 128 * 1024));
  const whole = isGzip ? gzipSync(plainBody) : plainBody;
  const body = fault !== undefined && 'corrupt' in fault ? Buffer.from(whole).fill(0xee, 10, whole.length - 8) : cut === 'gzip' ? whole.subarray(0, whole.length >> 1) : whole;
  response.writeHead(reply.status, {
    'Content-Type': reply.contentType,
    'Audit-Id': '5a5ff1ec-0000-4000-8000-000000000000',
    ...reply.headers,
    ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}),
    // Chunked, a body that breaks off is seen by its missing last chunk; with a length, by the length.
    ...(cut === 'midBody' ? {} : { 'Content-Length': String(cut === 'length' ? body.length + 10 : body.length) }),
  });
  if (cut === 'midBody' || cut === 'length') {
    response.write(cut === 'midBody' ? body.subarray(0, body.length >> 1) : body, () => setTimeout(() => request.socket.destroy(), 20));
    return;
  }
  if (fault !== undefined && 'slow' in fault && fault.slow === 'body') {
    response.write(body.subarray(0, body.length >> 1));
    await sleep(fault.milliseconds, undefined, { ref: false });
    response.end(body.subarray(body.length >> 1));
    return;
  }
  response.end(body);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
