import type { Certificate } from '../../support/certificates.ts';

/** Where a pod serves, and whether it does so on the node's own addresses. */
export interface TlsPod {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly hostNetwork: boolean;
}

/**
 * Runs a pod on the control-plane node that serves TLS with a certificate, in the place of one before, and waits until it does:
 * etcd is a server that lies there anyway. It is labelled `app: NAME`, and its port is called `https`.
 * @param kubectl throws where kubectl fails
 */
export async function serveTls(kubectl: (args: readonly string[], input?: string) => Promise<string>, { namespace, name, port, hostNetwork }: TlsPod, { certificate, key }: Certificate): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const image = (await kubectl(['get', 'pod', '-n', 'kube-system', 'etcd-control-plane', '-o', 'jsonpath={.spec.containers[0].image}'])).trim();
  await kubectl(['delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--now']);
  const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name, namespace }, data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) } };
  const pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: name } },
    spec: {
      nodeName: 'control-plane', hostNetwork, tolerations: [{ operator: 'Exists' }], automountServiceAccountToken: false,
      containers: [{
        name: 'server', image, imagePullPolicy: 'Never', ports: [{ name: 'https', containerPort: port }], volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
        command: ['etcd', '--data-dir=/tmp/data', `--listen-client-urls=https://0.0.0.0:${port}`, `--advertise-client-urls=https://127.0.0.1:${port}`, '--listen-peer-urls=http://127.0.0.1:12380', '--cert-file=/tls/tls.crt', '--key-file=/tls/tls.key'],
        readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
      }],
      volumes: [{ name: 'tls', secret: { secretName: name } }],
    },
  };
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [secret, pod] }));
  await kubectl(['wait', 'pod', name, '-n', namespace, '--for=condition=Ready', '--timeout=60s']);
}
