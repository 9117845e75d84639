import { describe, expect, it } from 'vitest';
import { RequestFailure, type ApiClient, type NoServer } from '../../src/cluster/api-client.ts';
import { lookAtExtensions, type ExtensionWays } from '../../src/collect/look-at-extensions.ts';
import { createPortRun } from '../../src/collect/look-through-tunnels.ts';
import { servicesOfExtensions } from '../../src/evidence/extension-services.ts';
import type { RawTlsServer } from '../../src/evidence/raw-tls-server.ts';
import { extensionServers } from '../../src/evidence/sources/extension-servers.ts';
import type { Access } from '../support/api-answers.ts';
import { createCertificate } from '../support/certificates.ts';
import { testBench } from '../cluster-client/connection.ts';

const bench = testBench();
const { certificate } = createCertificate({ commonName: 'own', use: 'server' });
const SHOWN: RawTlsServer = { chain: [Buffer.from(certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')], clientCertificate: 'notAsked', clientAuthorities: { names: [] } };

type Pod = ExtensionWays['pods'][number];
type Service = ExtensionWays['services'][number];
const pod = (name: string, more: { readonly labels?: Record<string, string>; readonly ready?: boolean; readonly phase?: string; readonly namespace?: string; readonly port?: number } = {}): Pod => ({
  metadata: { name, namespace: more.namespace ?? 'shop', labels: more.labels ?? { app: 'hook' } },
  status: { conditions: more.ready ?? true, phase: more.phase ?? 'Running' },
  spec: { containers: [{ ports: [{ name: 'metrics', containerPort: 9090 }] }, { ports: [{ name: 'https', containerPort: more.port ?? 8443 }] }] },
});
const service = (spec: NonNullable<Service['spec']>): Service => ({ metadata: { name: 'hook', namespace: 'shop' }, spec });
const NAMED: NonNullable<Service['spec']> = { selector: { app: 'hook' }, ports: [{ port: 80, targetPort: 8080 }, { port: 443, targetPort: 'https' }] };
const CALLED = { namespace: 'shop', name: 'hook', port: 443 };

async function look(known: Partial<ExtensionWays>, through: () => RawTlsServer | NoServer | Error = () => SHOWN, isForbidden: (access: Access) => boolean = () => false): Promise<{ seen: string[]; asked: string[] }> {
  const { read } = extensionServers;
  if (read.how !== 'extensionServers') throw new Error('the source is read otherwise');
  const real = await bench.open(await bench.start({ isForbidden }));
  const asked: string[] = [];
  const client: ApiClient = {
    ...real,
    handshakeThroughPod: (way, port, { serverName = '' }) => {
      asked.push(`${way.namespace}/${way.name} ${port} ${serverName}`);
      const outcome = through();
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
  };
  const results = await lookAtExtensions(client, extensionServers, read, { called: [CALLED], services: [service(NAMED)], pods: [pod('a')], ...known }, createPortRun(20_000, 3_000));
  const words = (each: { readonly gap: { readonly kind: string; readonly detail: string } } | { readonly value: unknown }): string => ('gap' in each ? `${each.gap.kind}: ${each.gap.detail}` : 'seen');
  return { asked, seen: results.flatMap(each => ('value' in each ? each.value.map(server => `${each.of} ${server.of}: ${words(server)}`) : [`${each.of}: ${words(each)}`])) };
}

describe('lookAtExtensions', () => {
  it('looks at every ready pod behind the Service, at the port that the target names, as the API server asks', async () => {
    const { seen, asked } = await look({ pods: [pod('b', { port: 9443 }), pod('a')] });
    expect(asked).toEqual(['shop/a 8443 hook.shop.svc', 'shop/b 9443 hook.shop.svc']);
    expect(seen).toEqual(['shop/hook:443 a: seen', 'shop/hook:443 b: seen']);
  });

  it('takes a target by number, and the port itself where no target is given', async () => {
    expect((await look({ called: [{ ...CALLED, port: 80 }] })).asked).toEqual(['shop/a 8080 hook.shop.svc']);
    expect((await look({ services: [service({ selector: { app: 'hook' }, ports: [{ port: 443 }] })] })).asked).toEqual(['shop/a 443 hook.shop.svc']);
  });

  it('passes by what the Service does not lead to', async () => {
    const pods = [pod('labels', { labels: { app: 'hooks' } }), pod('elsewhere', { namespace: 'other' }), pod('waiting', { ready: false }), pod('done', { phase: 'Succeeded' })];
    expect(await look({ pods })).toEqual({ asked: [], seen: ['shop/hook:443: gap: no pod behind Service shop/hook is ready'] });
  });

  it('looks at four pods at most, and says that there are more', async () => {
    const { asked, seen } = await look({ pods: ['a', 'b', 'c', 'd', 'e'].map(name => pod(name)) });
    expect(asked).toHaveLength(4);
    expect(seen.at(-1)).toBe('shop/hook:443 others: notObservable: 1 more behind Service shop/hook were not looked at');
  });

  it.each<readonly [string, Partial<ExtensionWays>, string]>([
    ['no such Service', { services: [] }, 'gap: there is no Service shop/hook'],
    ['no such port', { called: [{ ...CALLED, port: 9443 }] }, 'gap: Service shop/hook has no port 9443'],
    ['an empty selector', { services: [service({ ports: [{ port: 443 }] })] }, 'notObservable: Service shop/hook selects no pods, so no tunnel leads to what is behind it'],
    ['a name in DNS', { services: [service({ ...NAMED, type: 'ExternalName' })] }, 'notObservable: Service shop/hook selects no pods, so no tunnel leads to what is behind it'],
    ['no port of that name', { services: [service({ selector: { app: 'hook' }, ports: [{ port: 443, targetPort: 'webhook' }] })] }, 'gap: no ready pod behind Service shop/hook has a port called webhook'],
  ])('says why it saw nothing: %s', async (_name, known, words) => {
    const { seen, asked } = await look(known);
    expect(asked).toEqual([]);
    expect(seen.map(line => line.replace(/^shop\/hook:\d+: /, ''))).toEqual([words]);
  });

  it('says of each pod why it showed nothing', async () => {
    const late = new RequestFailure('timeout', 'it did not answer in time');
    expect((await look({}, () => late)).seen).toEqual(['shop/hook:443 a: gap: port 8443 did not answer within 3 s']);
    expect((await look({}, () => ({ refused: { status: 403, body: JSON.stringify({ kind: 'Status', message: 'a policy says no' }), headers: {}, bytes: 0 } }))).seen[0]).toBe('shop/hook:443 a: gap: the API server opens no tunnel (a policy says no)');
    expect((await look({}, () => ({ ...SHOWN, chain: [Buffer.from('none')] }))).seen).toEqual(['shop/hook:443 a: gap: servers of webhooks and extension APIs: a server shows a certificate that cannot be read']);
  });

  it('opens none where it may not, and those that it may', async () => {
    const isPortForward = ({ resource }: Access): boolean => resource === 'pods' || resource === 'pods/portforward';
    const none = await look({}, () => SHOWN, isPortForward);
    expect(none).toEqual({ asked: [], seen: ['shop/hook:443: gap: this user may not open tunnels to pods'] });
  });
});

describe('servicesOfExtensions', () => {
  it('names each Service once, with port 443 where none is given, and passes by URLs and what is not converted', () => {
    const meta = (name: string): { name: string } => ({ name });
    const found = servicesOfExtensions({
      validating: [{ metadata: meta('a'), webhooks: [{ name: 'a', clientConfig: { service: { namespace: 'n', name: 's' } } }, { name: 'b', clientConfig: { service: { namespace: 'n', name: 's', port: 443 } } }, { name: 'url', clientConfig: {} }] }],
      mutating: [{ metadata: meta('b') }],
      services: [{ metadata: meta('v1.'), spec: {} }, { metadata: meta('v1.x'), spec: { service: { namespace: 'n', name: 'api', port: 8443 } } }],
      definitions: [
        { metadata: meta('c'), spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: { namespace: 'n', name: 'conversion' } } } } } },
        { metadata: meta('d'), spec: { conversion: { strategy: 'None', webhook: { clientConfig: { service: { namespace: 'n', name: 'left' } } } } } },
      ],
    });
    expect([...found.keys()]).toEqual(['n/s:443', 'n/api:8443', 'n/conversion:443']);
  });
});
