// A local https server in a process of its own: COUNT pods of 5 KB in 300 specs, as JSON pages. Prints its kubeconfig.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { createCertificate } from '../support/certificates.ts';

const [, , count = '', kubeconfig = ''] = process.argv;
const SPECS = 300;
const PAGE = 500;
const specs = Array.from({ length: SPECS }, (_, spec) => ({
  serviceAccountName: `app-${spec}`,
  containers: [0, 1].map(at => ({
    name: `c${at}`, image: `registry.example/app-${spec}:${at}`, ports: [{ containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 12 }, (_unused, variable) => ({ name: `VARIABLE_${variable}`, value: `value of ${variable} in ${spec}` })),
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  })),
  volumes: [{ name: 'data', emptyDir: {} }],
}));
const managedFields = [{ manager: 'kube-controller-manager', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { text: 'f:spec f:containers '.repeat(130) } }];

function pod(at: number): object {
  return {
    metadata: { name: `app-${at}`, namespace: `ns-${at % 97}`, uid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`, creationTimestamp: '2026-01-01T00:00:00Z', labels: { app: `app-${at % SPECS}` }, managedFields },
    spec: { nodeName: `node-${at % 1000}`, ...specs[at % SPECS] },
    status: { phase: 'Running' },
  };
}

const authority = createCertificate({ commonName: 'kubernetes', use: 'authority' });
const own = createCertificate({ commonName: 'kube-apiserver', names: ['127.0.0.1'], use: 'server' }, authority);
let connections = 0;
const server = createServer({ cert: own.certificate, key: own.key }, (request, response) => {
  const url = new URL(request.url ?? '', 'https://server');
  const start = Number(url.searchParams.get('continue') ?? '0');
  if (url.pathname === '/connections') return void response.end(String(connections));
  const end = Math.min(start + PAGE, Number(count));
  const items = Array.from({ length: end - start }, (_, at) => pod(start + at));
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: end < Number(count) ? { continue: String(end) } : {}, items }));
});
server.on('secureConnection', () => (connections += 1));
server.listen(0, '127.0.0.1', () => {
  writeFileSync(kubeconfig, stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, 'certificate-authority-data': Buffer.from(authority.certificate).toString('base64') } }],
    users: [{ name: 'bench', user: { token: 'bench' } }], contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  }));
  process.stdout.write('ready\n');
});
process.on('SIGTERM', () => {
  process.stdout.write(`${connections}\n`);
  server.close();
  server.closeAllConnections();
});
