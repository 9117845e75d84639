import { afterEach } from 'vitest';
import { RequestFailure, type ConnectionFlags, type RequestEvent } from '../../src/cluster/api-client.ts';
import { connect, type ClusterClient, type ConnectOptions } from '../../src/cluster/connect.ts';
import type { ApiData, ApiObject } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer, type FakeApiServerOptions } from '../support/api-server.ts';
import { bareEnvironment, temporaryDirectory } from './temporary-files.ts';

/** 1,000 config maps in two namespaces, and what every API server says about itself. */
const data: ApiData = {
  lists: new Map([['/api/v1/configmaps', { apiVersion: 'v1', kind: 'ConfigMapList', items: configMaps(1000) }]]),
  texts: new Map([
    ['/version', JSON.stringify({ major: '1', minor: '37', gitVersion: 'v1.37.1' })],
    ['/readyz', 'ok'],
  ]),
};

function configMaps(count: number): ApiObject[] {
  return Array.from({ length: count }, (_, index) => ({
    metadata: { name: `settings-${index}`, namespace: index % 2 === 0 ? 'shop' : 'blog', uid: String(index), labels: { app: `app-${index % 3}` } },
    data: { text: `value ${index}` },
  }));
}

/** Starts servers and opens connections that end with the test. */
export function testBench(): {
  readonly files: ReturnType<typeof temporaryDirectory>;
  readonly start: (options?: Partial<FakeApiServerOptions>) => Promise<FakeApiServer>;
  readonly open: (server: FakeApiServer, parts?: Parameters<FakeApiServer['kubeconfig']>[0], flags?: ConnectionFlags, options?: ConnectOptions) => Promise<ClusterClient & { readonly events: RequestEvent[] }>;
} {
  const files = temporaryDirectory();
  const running: FakeApiServer[] = [];
  const opened: ClusterClient[] = [];
  let count = 0;
  afterEach(async () => {
    for (const client of opened.splice(0)) client.close();
    await Promise.all(running.splice(0).map(server => server.close()));
  });
  return {
    files,
    start: async (options = {}) => {
      const server = await startFakeApiServer({ data, tokens: { 'good-token': { name: 'ana', groups: ['sre'] } }, ...options });
      running.push(server);
      return server;
    },
    open: async (server, parts = { user: { token: 'good-token' } }, flags = {}, options = {}) => {
      count += 1;
      const kubeconfig = files.write(`kubeconfig-${count}`, server.kubeconfig(parts));
      const events: RequestEvent[] = [];
      const client = await connect({ kubeconfig, ...flags }, { env: bareEnvironment(), onRequest: event => events.push(event), ...options });
      opened.push(client);
      return { ...client, events };
    },
  };
}

/** How a request failed: never an answer, never another error. */
export async function failureOf(request: Promise<unknown>): Promise<RequestFailure> {
  const error: unknown = await request.then(answer => `answered ${JSON.stringify(answer)}`, (thrown: unknown) => thrown);
  if (error instanceof RequestFailure) return error;
  throw new Error(`expected a RequestFailure, not ${String(error)}`);
}
