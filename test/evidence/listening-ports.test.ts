import { describe, expect, it } from 'vitest';
import { readListeningPorts } from '../../src/evidence/listening-ports.ts';

describe('readListeningPorts', () => {
  it('reads what kubeadm writes for etcd', () => {
    expect(readListeningPorts([
      'etcd', '--advertise-client-urls=https://10.0.0.2:2379', '--client-cert-auth=true', '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.2:2379',
      '--listen-metrics-urls=http://127.0.0.1:2381', '--listen-peer-urls=https://10.0.0.2:2380', '--peer-trusted-ca-file=/etc/x/peer-ca.crt', '--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
    ])).toEqual({ clientPorts: [2379], peerPorts: [2380] });
  });
  it('reads the port of the others, with a value of its own or not, and the last one', () => {
    expect(readListeningPorts(['kube-apiserver', '--secure-port', '8443', '--client-ca-file=/ca.crt'])).toEqual({ securePort: 8443 });
    expect(readListeningPorts(['kube-scheduler', '--secure-port=1', '--secure-port=10259'])).toEqual({ securePort: 10259 });
  });
  it('keeps nothing else, and nothing that cannot be', () => {
    expect(readListeningPorts(['kube-apiserver', '--token=secret', '--secure-port=99999'])).toEqual({});
    expect(readListeningPorts(['etcd', '--listen-client-urls=http://127.0.0.1:2379,https://ana:hunter2@[::1]:4001,what'])).toEqual({ clientPorts: [4001] });
    expect(readListeningPorts(['etcd', `--listen-client-urls=${Array.from({ length: 100 }, (_, at) => `https://a:${at + 1}`).join()}`]).clientPorts).toHaveLength(4);
    expect(readListeningPorts(['sh', '-c', 'kube-apiserver --secure-port=1'])).toEqual({});
  });
});
