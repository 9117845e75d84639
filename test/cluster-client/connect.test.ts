import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import { loadPlainHttp } from '../../src/cluster/plain-http.ts';
import { createAgent, exchange, type Wire } from '../../src/cluster/transport.ts';
import type { FaultRule } from '../support/api-server.ts';
import { failureOf, testBench } from './connection.ts';
import { bareEnvironment } from './temporary-files.ts';

const { files, start, open } = testBench();

describe('one connection', () => {
  it('serves many requests after one another', async () => {
    const server = await start();
    const client = await open(server);
    for (let i = 0; i < 40; i += 1) expect((await client.get('/readyz')).body).toBe('ok');
    expect(server.requests).toHaveLength(40);
    expect(server.connections()).toBe(1);
  });

  it('becomes eight at most for many requests at once', async () => {
    const server = await start();
    const client = await open(server);
    await Promise.all(Array.from({ length: 40 }, () => client.get('/readyz')));
    expect(server.requests).toHaveLength(40);
    expect(server.connections()).toBeLessThanOrEqual(8);
  });

  it('is left alone by a request that wants its own', async () => {
    const server = await start();
    const client = await open(server);
    await client.get('/readyz');
    await client.get('/readyz', { freshConnection: true });
    await client.get('/readyz', { freshConnection: true });
    await client.get('/readyz');
    expect(server.connections()).toBe(3);
    expect(server.requests.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'close', 'close', 'keep-alive']);
  });

  it('that the server has closed meanwhile is opened again, once, without a failure', async () => {
    const server = await start();
    const client = await open(server);
    await client.get('/readyz');
    server.setFaults([{ path: '/readyz', times: 1, fault: { cut: 'beforeHeaders' } }]);
    expect((await client.get('/readyz')).status).toBe(200);
    server.setFaults([{ path: '/readyz', fault: { cut: 'beforeHeaders' } }]);
    expect((await failureOf(client.get('/readyz'))).kind).toBe('unreachable');
  });
});

describe('what is asked', () => {
  it('carries our name, gzip and JSON, and the accept that is given', async () => {
    const server = await start();
    const client = await open(server);
    await client.get('/readyz');
    await client.get('/api/v1/configmaps?limit=1', { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' });
    expect(server.requests[0]?.headers).toMatchObject({ 'user-agent': expect.stringMatching(/^kubectl-secaudit\/\d+\.\d+\.\d+$/) as string, 'accept-encoding': 'gzip', accept: 'application/json' });
    expect(server.requests[1]?.headers.accept).toContain('as=PartialObjectMetadataList');
    expect(server.requests.every(({ method, user }) => method === 'GET' && user === 'ana')).toBe(true);
  });

  it('asks for no gzip with --disable-compression or the cluster\'s setting', async () => {
    const server = await start({ gzipFrom: 0 });
    const ca = Buffer.from(server.authority.certificate).toString('base64');
    const user = { token: 'good-token' };
    const clients = [
      await open(server, { user }, { disableCompression: true }),
      await open(server, { user, cluster: { 'certificate-authority-data': ca, 'disable-compression': true } }),
    ];
    for (const client of clients) {
      const answer = await client.get('/readyz');
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.body).toBe('ok');
    }
  });

  it('decodes gzip and counts the bytes on the wire', async () => {
    const server = await start();
    const client = await open(server);
    const plain = await open(server, undefined, { disableCompression: true });
    const [small, large] = [await client.get('/api/v1/configmaps'), await plain.get('/api/v1/configmaps')];
    // Below the server's threshold nothing is compressed, so both are the same length on the wire unless they are large.
    expect(JSON.parse(small.body)).toEqual(JSON.parse(large.body));
    const forced = await start({ gzipFrom: 0 });
    const packed = await (await open(forced)).get('/api/v1/configmaps');
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body).toBe(large.body);
    expect(packed.bytes).toBeLessThan(large.bytes / 4);
  });

  it('keeps the path prefix of the server', async () => {
    const server = await start({ prefix: '/k8s/clusters/c-1' });
    const client = await open(server);
    expect((await client.get('/version')).status).toBe(200);
    expect(server.requests[0]?.path).toBe('/k8s/clusters/c-1/version');
    expect(client.connection.server).toBe(server.url);
  });

  it('impersonates: user, uid, groups and extra, in client-go\'s headers', async () => {
    const server = await start();
    const user = { token: 'good-token', as: 'jörg', 'as-uid': '42', 'as-groups': ['a', 'b'], 'as-user-extra': { 'acme.com/reason': ['x', 'y'], '100%': ['z'] } };
    const client = await open(server, { user });
    await client.get('/readyz');
    expect(server.requests[0]?.headers).toMatchObject({
      'impersonate-uid': '42',
      'impersonate-group': 'a, b',
      'impersonate-extra-acme.com%2freason': 'x, y',
      'impersonate-extra-100%25': 'z',
    });
    // Go sends UTF-8 bytes; Node's server shows each byte as one character.
    expect(Buffer.from(server.requests[0]?.headers['impersonate-user'] ?? '', 'latin1').toString('utf8')).toBe('jörg');
    expect(client.connection.impersonating).toBe('jörg');
  });

  it('sends no credential over plain HTTP, as kubectl does not', async () => {
    const server = await start({ plainHttp: true });
    const client = await open(server);
    await client.get('/readyz');
    expect(server.requests[0]).toMatchObject({ user: 'system:anonymous' });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('shows every try to -v, with path, outcome and bytes and nothing else', async () => {
    const server = await start({ faults: [{ path: '/readyz', times: 1, fault: { status: 503 } }, { path: '/version', fault: { cut: 'midBody' } }] });
    const client = await open(server);
    await client.get('/readyz');
    await failureOf(client.get('/version'));
    expect(client.events.map(({ method, path, outcome }) => `${method} ${path} ${outcome}`)).toEqual(['GET /readyz 503', 'GET /readyz 200', 'GET /version ECONNRESET']);
    expect(Object.keys(client.events[0] ?? {}).toSorted()).toEqual(['bytes', 'method', 'milliseconds', 'outcome', 'path']);
  });
});

describe('reviews of oneself', () => {
  it('are posted', async () => {
    const server = await start({ isForbidden: ({ resource }) => resource === 'secrets' });
    const client = await open(server, { user: server.certificateUser({ commonName: 'ana', organizations: ['sre'] }) });
    const who = await client.selfReview('/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    expect(JSON.parse(who.body)).toMatchObject({ status: { userInfo: { username: 'ana', groups: ['sre', 'system:authenticated'] } } });
    const may = await client.selfReview('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { resourceAttributes: { verb: 'list', resource: 'secrets' } } });
    expect(JSON.parse(may.body)).toMatchObject({ status: { allowed: false } });
    const rules = await client.selfReview('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'default' } });
    expect(rules.status).toBe(201);
  });

  it('are all that can be posted', async () => {
    const server = await start();
    const client = await open(server);
    const others = [
      '/api/v1/namespaces/default/pods',
      '/api/v1/namespaces/kube-system/serviceaccounts/default/token',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      '/apis/authentication.k8s.io/v1/tokenreviews',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/../subjectaccessreviews',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?dryRun=All',
      '/apis/authorization.k8s.io/v1/namespaces/x/selfsubjectaccessreviews',
      '/apis/authentication.k8s.io/v1/selfsubjectaccessreviews',
      '/apis/authorization.k8s.io.evil/v1/selfsubjectaccessreviews',
      '//apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews\n',
      '',
    ];
    for (const path of others) await expect(client.selfReview(path, {})).rejects.toThrow(/only questions about the caller/);
    expect(server.requests).toEqual([]);
    expect(server.connections()).toBe(0);
  });
});

describe('trust', () => {
  it('is in the configured authority alone', async () => {
    const server = await start();
    const other = await start();
    const failure = await failureOf((await open(server, { cluster: { 'certificate-authority-data': Buffer.from(other.authority.certificate).toString('base64') } })).get('/readyz'));
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toMatch(/cannot be trusted \([A-Z_]+\): the authority in .*kubeconfig-\d+ did not sign it/);
    expect(server.requests).toEqual([]);
  });

  it('without a configured authority is in those of the system, which did not sign this', async () => {
    const server = await start();
    const failure = await failureOf((await open(server, { user: { token: 'good-token' }, cluster: {} })).get('/readyz'));
    expect(failure.message).toMatch(/cannot be trusted .*--certificate-authority/);
    expect(server.requests).toEqual([]);
  });

  it('wants the right name, or the one of tls-server-name', async () => {
    const server = await start({ certificate: { names: ['api.example.org', '10.9.8.7'] } });
    const failure = await failureOf((await open(server)).get('/readyz'));
    expect(failure.message).toMatch(/is not for 127\.0\.0\.1: it names api\.example\.org, 10\.9\.8\.7; .*--tls-server-name/);
    expect(server.requests).toEqual([]);
    expect((await (await open(server, undefined, { tlsServerName: 'api.example.org' })).get('/readyz')).status).toBe(200);
    expect((await failureOf((await open(server, undefined, { tlsServerName: 'other.example.org' })).get('/readyz'))).message).toMatch(/is not for other\.example\.org/);
  });

  it('is given up with --insecure-skip-tls-verify only', async () => {
    const server = await start({ certificate: { names: ['elsewhere'] } });
    const client = await open(server, { user: { token: 'good-token' }, cluster: {} }, { insecureSkipTlsVerify: true });
    expect((await client.get('/readyz')).status).toBe(200);
  });

  it('is not given up for NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const server = await start();
      const client = await open(server, { user: { token: 'good-token' }, cluster: {} });
      expect((await failureOf(client.get('/readyz'))).message).toMatch(/cannot be trusted/);
      expect((await failureOf(client.get('/readyz', { freshConnection: true }))).message).toMatch(/cannot be trusted/);
      expect(server.requests).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('holds for RSA as for elliptic curves', async () => {
    const server = await start({ certificate: { keyType: 'RSA' } });
    const client = await open(server, { user: server.certificateUser({ commonName: 'ana', keyType: 'RSA' }) });
    expect((await client.get('/readyz')).status).toBe(200);
    expect(server.requests[0]?.user).toBe('ana');
  });
});

describe('faults', () => {
  const at = (fault: FaultRule['fault'], times?: number): { faults: FaultRule[] } => ({ faults: [{ path: '/readyz', fault, ...(times === undefined ? {} : { times }) }] });

  it.each([
    ['a reset before the answer', { cut: 'beforeHeaders' }, 'unreachable'],
    ['a reset in the middle of a chunked body', { cut: 'midBody' }, 'truncated'],
    ['a body shorter than its length', { cut: 'length' }, 'truncated'],
    ['a gzip archive that is cut off in a whole answer', { cut: 'gzip' }, 'truncated'],
    ['bytes that are no gzip', { corrupt: 'gzip' }, 'malformed'],
  ] as const)('%s is a failure', async (_name, fault, kind) => {
    const server = await start({ ...at(fault), gzipFrom: 0 });
    const client = await open(server);
    const started = performance.now();
    const failure = await failureOf(client.get('/readyz'));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(server.url);
    expect(performance.now() - started).toBeLessThan(3000);
    // The next request is served as if nothing had been.
    server.setFaults([]);
    expect((await client.get('/readyz')).body).toBe('ok');
  });

  it.each(['headers', 'body'] as const)('slow %s are a timeout after the time that was given', async slow => {
    const server = await start(at({ slow, milliseconds: 10_000 }));
    const client = await open(server, undefined, { requestTimeoutSeconds: 0.4 });
    const started = performance.now();
    const failure = await failureOf(client.get('/readyz'));
    expect(failure).toMatchObject({ kind: 'timeout', message: expect.stringMatching(/did not finish its answer to GET \/readyz within 0\.4 s.*--request-timeout/) as string });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('a server that accepts and never speaks TLS is a timeout too', async () => {
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = await connect({ server: `https://127.0.0.1:${port}`, requestTimeoutSeconds: 0.4 }, { env: bareEnvironment() });
    const started = performance.now();
    expect((await failureOf(client.get('/version'))).kind).toBe('timeout');
    expect(performance.now() - started).toBeLessThan(2000);
    client.close();
    silent.close();
  });

  it('waiting for a free socket is not counted as the server\'s time', async () => {
    const server = await start({ faults: [{ path: '/readyz', fault: { slow: 'headers', milliseconds: 300 } }] });
    const client = await open(server, undefined, { requestTimeoutSeconds: 0.9 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.get('/readyz')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  it('ends with close, with all requests under way', async () => {
    const server = await start(at({ slow: 'headers', milliseconds: 10_000 }));
    const client = await open(server);
    const failures = [failureOf(client.get('/readyz')), failureOf(client.get('/readyz', { freshConnection: true }))];
    await expect.poll(() => server.requests.length).toBe(2);
    client.close();
    expect((await Promise.all(failures)).map(({ kind }) => kind)).toEqual(['interrupted', 'interrupted']);
    expect((await failureOf(client.get('/readyz'))).kind).toBe('interrupted');
  });

  it('ends with the signal, also in the pause before another try', async () => {
    const server = await start(at({ status: 429, retryAfterSeconds: 9 }));
    const abort = new AbortController();
    const client = await open(server, undefined, {}, { signal: abort.signal });
    const failure = failureOf(client.get('/readyz'));
    await expect.poll(() => server.requests.length).toBe(1);
    abort.abort();
    expect((await failure).kind).toBe('interrupted');
  });

  it.each([0, Infinity])('a body beyond the limit is not read into memory (gzip from %d bytes)', async gzipFrom => {
    const server = await start({ plainHttp: true, gzipFrom, data: { lists: new Map(), texts: new Map([['/metrics', 'x'.repeat(5_000_000)]]) } });
    const wire: Wire = { server: new URL(server.url), ...(await loadPlainHttp(new URL(server.url))), tls: { context: createSecureContext(), rejectUnauthorized: true }, timeoutMilliseconds: 5000 };
    const asked = { method: 'GET', path: '/metrics', headers: { 'Accept-Encoding': 'gzip' }, agent: createAgent(wire, false), signal: new AbortController().signal } as const;
    await expect(exchange(wire, { ...asked, longestBody: 1_000_000 })).rejects.toMatchObject({ phase: 'length' });
    expect((await exchange(wire, { ...asked, longestBody: 5_000_000 })).body).toHaveLength(5_000_000);
  });
});

describe('trying again', () => {
  it.each([429, 500, 502, 503, 504])('%i is tried three times at most', async status => {
    const server = await start({ faults: [{ path: '/readyz', fault: { status, retryAfterSeconds: 0 } }] });
    const client = await open(server);
    expect((await client.get('/readyz')).status).toBe(status);
    expect(server.requests).toHaveLength(3);
    server.setFaults([{ path: '/readyz', times: 2, fault: { status, retryAfterSeconds: 0 } }]);
    expect((await client.get('/readyz')).status).toBe(200);
  });

  it('waits as long as Retry-After says', async () => {
    const server = await start({ faults: [{ path: '/readyz', times: 1, fault: { status: 429, retryAfterSeconds: 1 } }] });
    const started = performance.now();
    expect((await (await open(server)).get('/readyz')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(950);
  });

  it.each([400, 401, 403, 404, 410])('%i is asked once', async status => {
    const server = await start({ faults: [{ path: '/readyz', fault: { status } }] });
    expect((await (await open(server)).get('/readyz')).status).toBe(status);
    expect(server.requests).toHaveLength(1);
  });

  it('a review is not sent twice', async () => {
    const server = await start({ faults: [{ path: '/apis/*', fault: { status: 503 } }] });
    expect((await (await open(server)).selfReview('/apis/authentication.k8s.io/v1/selfsubjectreviews', {})).status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });
});

it('strips user information from what it says about itself', async () => {
  const client = await connect({ server: 'https://ana:hunter2@127.0.0.1:1/x' }, { env: bareEnvironment() });
  expect(client.connection).toEqual({ server: 'https://127.0.0.1:1/x' });
  expect((await failureOf(client.get('/version'))).message).toMatch(/^https:\/\/127\.0\.0\.1:1\/x refuses connections/);
});

it('keeps the namespace of the context', async () => {
  const server = await start();
  expect((await open(server)).namespace).toBe('default');
  expect((await open(server, { namespace: 'shop' })).namespace).toBe('shop');
  expect(files.path('x')).toContain('secaudit-test-');
});
