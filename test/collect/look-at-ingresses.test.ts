import { expect, it } from 'vitest';
import { RequestFailure, type ApiClient } from '../../src/cluster/api-client.ts';
import { lookAtIngresses } from '../../src/collect/look-at-ingresses.ts';
import { createPortRun } from '../../src/collect/look-through-tunnels.ts';
import { ingressServers, type IngressEvidence } from '../../src/evidence/sources/ingress-servers.ts';
import { createCertificate } from '../support/certificates.ts';
import { testBench } from '../cluster-client/connection.ts';

const bench = testBench();
const { certificate } = createCertificate({ commonName: 'own', use: 'server' });
const der = Buffer.from(certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
const ingress = (name: string, hosts: readonly string[], ...ips: readonly string[]): IngressEvidence => ({
  metadata: { name, namespace: 'shop' }, spec: { tls: hosts.map(host => ({ hosts: [host] })) }, status: { loadBalancer: { ingress: [...ips.map(ip => ({ ip })), { hostname: true }] } },
});

it('asks each address for each host once, and never a name in DNS', async () => {
  const { read } = ingressServers;
  if (read.how !== 'ingressServers') throw new Error('the source is read otherwise');
  const asked: string[] = [];
  const client: ApiClient = {
    ...(await bench.open(await bench.start({}))),
    handshakeWithNode: ({ host, port }, { serverName = '' }) => {
      asked.push(`${host} ${port} ${serverName}`);
      return host === '192.0.2.2' ? Promise.reject(new RequestFailure('timeout', 'it did not answer in time')) : Promise.resolve({ chain: [der], clientCertificate: 'notAsked', clientAuthorities: { names: [] } });
    },
  };
  const items = [ingress('a', ['a.example.org', '*.b.example.org'], '192.0.2.1'), ingress('b', ['A.example.org'], '192.0.2.1', '192.0.2.2'), ingress('c', ['c.example.org'])];
  const results = await lookAtIngresses(client, ingressServers, read, items, createPortRun(20_000, 3_000));
  expect(asked.toSorted()).toEqual(['192.0.2.1 443 a.example.org', '192.0.2.1 443 any.b.example.org', '192.0.2.2 443 a.example.org']);
  expect(Object.fromEntries(results.map(each => [each.of, 'gap' in each ? each.gap.detail : each.value.chain[0]?.commonName]))).toEqual({
    'a.example.org at 192.0.2.1': 'own', 'any.b.example.org at 192.0.2.1': 'own', 'a.example.org at 192.0.2.2': 'port 443 did not answer within 3 s',
  });
});
