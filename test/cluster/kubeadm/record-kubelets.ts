/**
 * Records what real kubelets answer, and writes the examples of the kubelet checks from it:
 *
 *     node test/cluster/kubeadm/record-kubelets.ts CLUSTER.JSON
 *
 * CLUSTER.JSON is what a standing kubeadm cluster says of itself. Each example is the recorded configuration of its
 * control-plane node with one setting changed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { parseConfigz, type KubeletConfiguration } from '../../../src/evidence/kubelet-configuration.ts';
import { openKubeadmCluster, type KubeadmClusterDescription } from './opened-cluster.ts';

type Change = { readonly [K in keyof KubeletConfiguration]?: unknown };

interface Example {
  readonly comment: string;
  readonly change: Change;
  /** Of the node; default v1.37.1. */
  readonly version?: string;
}

const authentication = (anonymous: boolean, clientCAFile = '/etc/kubernetes/pki/ca.crt'): object => ({
  anonymous: { enabled: anonymous },
  webhook: { enabled: true },
  x509: { clientCAFile },
});

const examples: Readonly<Record<string, { readonly fails: Example; readonly passes: Example }>> = {
  'kubelet-anonymous-access': {
    fails: { comment: 'What a kubelet does that is started without a configuration file.', change: { authentication: authentication(true), authorization: { mode: 'AlwaysAllow' } } },
    passes: { comment: 'It allows everything, but to nobody without a credential: that is another fault.', change: { authorization: { mode: 'AlwaysAllow' } } },
  },
  'kubelet-authorization-always-allow': {
    fails: { comment: 'Whoever has any certificate of the cluster may run commands in every container.', change: { authorization: { mode: 'AlwaysAllow' } } },
    passes: { comment: 'Strangers come in, but the API server is asked what they may do: that is another fault.', change: { authentication: authentication(true) } },
  },
  'kubelet-read-only-port': {
    fails: { comment: 'The port of old, open on all addresses.', change: { readOnlyPort: 10255 } },
    passes: { comment: 'A kubelet leaves out what is zero: the port is closed.', change: {} },
  },
  'kubelet-client-ca-missing': {
    fails: { comment: 'Not even the API server is recognised.', change: { authentication: authentication(false, '') } },
    passes: { comment: 'As kubeadm sets it.', change: {} },
  },
  'kubelet-client-rotation-off': {
    fails: { comment: 'The certificate that the node joined with ends after a year.', change: { rotateCertificates: false } },
    passes: { comment: 'As kubeadm sets it.', change: {} },
  },
  'kubelet-serving-certificate-unsigned': {
    fails: { comment: 'As kubeadm leaves it: the kubelet made kubelet.crt itself.', change: {} },
    passes: { comment: "Signed by the cluster's authority, and renewed.", change: { serverTLSBootstrap: true, tlsCertFile: '' } },
  },
  'kubelet-weak-tls': {
    fails: { comment: 'Triple DES is open to Sweet32.', change: { tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'] } },
    passes: { comment: 'As on EKS; the last one lacks forward secrecy, which the benchmark allows.', change: { tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_GCM_SHA256'] } },
  },
  'kubelet-seccomp-default-off': {
    fails: { comment: 'The default of every kubelet.', change: {} },
    passes: { comment: "The runtime's profile, unless a pod says otherwise.", change: { seccompDefault: true } },
  },
  'kubelet-pod-pids-unlimited': {
    fails: { comment: "The default of every kubelet: -1 is no limit of the pod's own.", change: {} },
    passes: { comment: 'A pod that forks for ever stops at 4096.', change: { podPidsLimit: 4096 } },
  },
  'kubelet-kernel-defaults-changed': {
    fails: { comment: 'The default of every kubelet.', change: {} },
    passes: { comment: 'The kubelet refuses to start instead.', change: { protectKernelDefaults: true } },
  },
  'kubelet-iptables-chains-unmanaged': {
    fails: { comment: 'Nothing keeps neighbours from localhost.', change: { makeIPTablesUtilChains: false } },
    passes: { comment: 'The default.', change: {} },
  },
  'kubelet-event-rate-unlimited': {
    fails: { comment: 'From 1.37 on, 0 is no limit.', change: { eventRecordQPS: 0 } },
    passes: { comment: 'Before 1.37, 0 meant the default of five a second.', change: { eventRecordQPS: 0 }, version: 'v1.36.4' },
  },
  'kubelet-streaming-timeout-off': {
    fails: { comment: 'Has had an effect up to 1.23.', change: { streamingConnectionIdleTimeout: '0s' }, version: 'v1.23.17' },
    passes: { comment: 'Long, and yet an end.', change: { streamingConnectionIdleTimeout: '720h0m0s' }, version: 'v1.23.17' },
  },
  'kubelet-unsafe-sysctls-allowed': {
    fails: { comment: 'A pod may change how many connections its neighbours have.', change: { allowedUnsafeSysctls: ['net.core.somaxconn'] } },
    passes: { comment: 'Safe sysctls need no mention.', change: { allowedUnsafeSysctls: [] } },
  },
  'kubelet-static-pod-url': {
    fails: { comment: 'Fetched over plain HTTP; of the URL only the scheme is kept.', change: { staticPodURL: 'http:' } },
    passes: { comment: 'A folder on the node is how static pods are meant.', change: {} },
  },
  'kubelet-log-query-enabled': {
    fails: { comment: 'The journal of the node, through the API server.', change: { enableSystemLogQuery: true } },
    passes: { comment: 'Asked for, and without effect: the handlers are off.', change: { enableSystemLogQuery: true, enableDebuggingHandlers: false } },
  },
};

const root = path.join(import.meta.dirname, '../../..');
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the cluster.json of a standing kubeadm cluster');
const cluster = openKubeadmCluster(JSON.parse(readFileSync(file, 'utf8')) as KubeadmClusterDescription);

async function answerOf(node: string, what: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(['get', '--raw', `/api/v1/nodes/${node}/proxy/${what}`]);
  if (code !== 0) throw new Error(`${node} does not answer ${what}: ${stderr}`);
  return stdout;
}

function write(name: string, content: string | Buffer): void {
  const at = path.join(root, name);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, content);
}

const configz = await answerOf('control-plane', 'configz');
for (const { name } of cluster.nodes) {
  const folder = `fixtures/recordings/kubelet-${cluster.version.slice(1)}/${name}`;
  write(`${folder}/configz.json`, `${JSON.stringify(JSON.parse(await answerOf(name, 'configz')), undefined, 2)}\n`);
  write(`${folder}/metrics.txt.gz`, gzipSync(await answerOf(name, 'metrics'), { level: 9 }));
  write(`${folder}/metrics-again.txt.gz`, gzipSync(await answerOf(name, 'metrics'), { level: 9 }));
}

const { config, way } = parseConfigz({ body: configz, way: 'proxy' });
for (const [check, both] of Object.entries(examples)) {
  for (const [which, { comment, change, version = 'v1.37.1' }] of Object.entries(both)) {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' }, status: { nodeInfo: { kubeletVersion: version } } };
    const source = { apiVersion: 'secaudit.test/v1', kind: 'Source', id: 'kubeletconfigz', value: [{ of: 'worker-1', value: { way, config: { ...config, ...change } } }] };
    write(`fixtures/checks/${check}/${which}.yaml`, `# ${comment}\n${stringify(node)}---\n${stringify(source)}`);
  }
}
