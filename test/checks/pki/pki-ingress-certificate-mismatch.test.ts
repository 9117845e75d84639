import check from '../../../src/checks/pki/pki-ingress-certificate-mismatch.ts';
import type { Gap } from '../../../src/evidence/gap.ts';
import type { PerResult } from '../../../src/evidence/source.ts';
import { ingressServers } from '../../../src/evidence/sources/ingress-servers.ts';
import type { ShownServer } from '../../../src/evidence/sources/node-ports.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { inDays, made, type Made } from '../../support/pki.ts';

const authority = made({ commonName: 'web', use: 'authority' });
const good = made({ commonName: 'shop', names: ['shop.example.org'], use: 'server' }, authority);
// What ingress-nginx makes for itself.
const fake = made({ commonName: 'Kubernetes Ingress Controller Fake Certificate', organizations: ['Acme Co'], names: ['ingress.local'], use: 'server' });

const ingress = (tls: readonly object[] | undefined, addresses: readonly object[], name = 'front'): Manifest => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, namespace: 'shop' }, spec: { ...(tls === undefined ? {} : { tls }) }, status: { loadBalancer: { ingress: addresses } },
});
const front = ingress([{ hosts: ['shop.example.org'], secretName: 'shop' }], [{ ip: '203.0.113.9' }]);
const at = (of: string, ...chain: readonly Made[]): PerResult<ShownServer> => ({ of, value: { chain: chain.map(({ kept }) => kept), clientCertificate: 'notAsked', clientAuthorities: { names: [] } } });
const seen = (servers: readonly PerResult<ShownServer>[], ...objects: readonly Manifest[]): Snapshot => snapshotWith({ sources: { [ingressServers.id]: servers } }, ...objects);
const shown = (...chain: readonly Made[]): Snapshot => seen([at('shop.example.org at 203.0.113.9', ...chain)], front);

const notGiven: Gap = { kind: 'notRequested', reason: 'flagNotGiven', source: ingressServers.id, detail: ingressServers.optIn?.detail ?? '', flag: '--probe-nodes' };
const late: Gap = { kind: 'gap', reason: 'timeout', source: ingressServers.id, detail: 'port 443 did not answer within 3 s' };
const FINDING = 'medium Ingress/shop/front (shop.example.org)';

describeCheck(check, {
  fails: {
    "the controller's own": [shown(fake), FINDING],
    'for another host': [shown(made({ commonName: 'shop.example.org', names: ['shop.example.net'], use: 'server' }, authority)), FINDING],
    'only a common name': [shown(made({ commonName: 'shop.example.org', use: 'server' }, authority)), FINDING],
    'ended': [shown(made({ commonName: 'shop', names: ['shop.example.org'], use: 'server', notBefore: inDays(-90), notAfter: inDays(-1) }, authority)), FINDING],
    'an entry without a Secret, whose default is for nobody': [seen([at('shop.example.org at 203.0.113.9', fake)], ingress([{ hosts: ['shop.example.org'] }], [{ ip: '203.0.113.9' }])), FINDING],
    'at one of two addresses': [
      seen([at('shop.example.org at 203.0.113.9', good), at('shop.example.org at 2001:db8::9', fake)], ingress([{ hosts: ['shop.example.org'] }], [{ ip: '203.0.113.9' }, { ip: '2001:db8::9' }])), FINDING,
    ],
    'below a wildcard': [seen([at('any.example.org at 203.0.113.9', fake)], ingress([{ hosts: ['*.example.org'] }], [{ ip: '203.0.113.9' }])), 'medium Ingress/shop/front (any.example.org)'],
    'one of two hosts': [
      seen([at('a.example.org at 203.0.113.9', fake), at('shop.example.org at 203.0.113.9', good)], ingress([{ hosts: ['a.example.org', 'shop.example.org'] }], [{ ip: '203.0.113.9' }])), 'medium Ingress/shop/front (a.example.org)',
    ],
    'at an address that answers, beside one that does not': [
      seen([at('shop.example.org at 203.0.113.9', fake), { of: 'shop.example.org at 203.0.113.10', gap: late }], ingress([{ hosts: ['shop.example.org'] }], [{ ip: '203.0.113.9' }, { ip: '203.0.113.10' }])), FINDING, 'unknown shop.example.org of Ingress shop/front',
    ],
  },
  passes: {
    'for the host': shown(good),
    'a wildcard for the host': shown(made({ commonName: 'all', names: ['*.example.org'], use: 'server' }, authority)),
    'written in capitals': seen([at('shop.example.org at 203.0.113.9', good)], ingress([{ hosts: ['Shop.Example.org'] }], [{ ip: '203.0.113.9' }])),
    'an authority of its own, which is a matter of its clients': shown(made({ commonName: 'shop', names: ['shop.example.org'], use: 'server' })),
    'a default that is for the host': seen([at('shop.example.org at 203.0.113.9', good)], ingress([{ hosts: ['shop.example.org'] }], [{ ip: '203.0.113.9' }])),
  },
  notApplicable: {
    'no TLS': seen([], ingress(undefined, [{ ip: '203.0.113.9' }])),
    'no address yet': seen([], ingress([{ hosts: ['shop.example.org'] }], [])),
    'every host': seen([], ingress([{ secretName: 'shop' }], [{ ip: '203.0.113.9' }])),
    'no Ingress, and the flag was not given': snapshotWith({ gaps: { [ingressServers.id]: notGiven } }),
  },
  notAssessed: {
    'the flag was not given': [snapshotWith({ gaps: { [ingressServers.id]: notGiven } }, front), 'unknown shop.example.org of Ingress shop/front'],
    'it did not answer': [seen([{ of: 'shop.example.org at 203.0.113.9', gap: late }], front), 'unknown shop.example.org of Ingress shop/front'],
    'a name in DNS for an address': [seen([], ingress([{ hosts: ['shop.example.org'] }], [{ hostname: 'lb.example.com' }])), 'unknown shop.example.org of Ingress shop/front'],
    'the Ingress came after the handshakes': [seen([], front), 'unknown shop.example.org of Ingress shop/front'],
  },
  answerableWithout: Object.fromEntries(['no TLS', 'no address yet', 'every host'].map(name => [name, [ingressServers]])),
});
