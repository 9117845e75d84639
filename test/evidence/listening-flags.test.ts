import { describe, expect, it } from 'vitest';
import { readListeningFlags } from '../../src/evidence/listening-flags.ts';

describe('readListeningFlags', () => {
  it('reads what kubeadm writes for etcd', () => {
    expect(readListeningFlags([
      'etcd', '--advertise-client-urls=https://10.0.0.2:2379', '--client-cert-auth=true', '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.2:2379',
      '--listen-metrics-urls=http://127.0.0.1:2381', '--listen-peer-urls=https://10.0.0.2:2380', '--peer-trusted-ca-file=/etc/x/peer-ca.crt', '--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
    ])).toEqual({ program: 'etcd', clientPorts: [2379], peerPorts: [2380], clientAuthorityFile: '/etc/kubernetes/pki/etcd/ca.crt' });
  });
  it('reads ports and the authority of clients of the others, by a path too, with a value of its own or not', () => {
    expect(readListeningFlags(['/usr/local/bin/kube-apiserver', '--secure-port', '8443', '--client-ca-file=/ca.crt'])).toEqual({ program: 'kube-apiserver', securePort: 8443, clientAuthorityFile: '/ca.crt' });
    expect(readListeningFlags(['kube-scheduler', '--secure-port=1', '--secure-port=10259'])).toEqual({ program: 'kube-scheduler', securePort: 10259 });
  });
  it('keeps nothing else, and nothing that cannot be', () => {
    expect(readListeningFlags(['kube-apiserver', '--token=secret', '--secure-port=99999', '--client-ca-file=/etc/$(reboot)'])).toEqual({ program: 'kube-apiserver' });
    expect(readListeningFlags(['etcd', '--listen-client-urls=http://127.0.0.1:2379,https://ana:hunter2@[::1]:4001,what'])).toEqual({ program: 'etcd', clientPorts: [4001] });
    expect(readListeningFlags(['etcd', `--listen-client-urls=${Array.from({ length: 100 }, (_, at) => `https://a:${at + 1}`).join()}`]).clientPorts).toHaveLength(4);
    expect(readListeningFlags(['sh', '-c', 'kube-apiserver --secure-port=1'])).toEqual({});
    for (const wrong of ['etcd', [1, 2], null]) expect(readListeningFlags(wrong as unknown as string[])).toEqual({});
  });
});
