import { describe, expect, it } from 'vitest';
import { project } from '../../../src/evidence/fields.ts';
import { apiServerPods, controlPlanePods, staticPods, type ControlPlanePod } from '../../../src/evidence/sources/control-plane.ts';

/** As the kubelet of a kubeadm node shows a static pod to the API server, reduced. */
function shown(component: string, more: { readonly annotations?: object } = {}): object {
  return {
    metadata: {
      name: `${component}-cp`,
      namespace: 'kube-system',
      labels: { component, tier: 'control-plane', team: 'sesame' },
      annotations: {
        'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': '10.0.0.4:6443',
        'kubernetes.io/config.hash': '5fb7',
        'kubernetes.io/config.mirror': '5fb7',
        'kubernetes.io/config.source': 'file',
      },
      ...more,
    },
    spec: {
      nodeName: 'cp',
      hostNetwork: true,
      containers: [
        {
          name: component,
          image: `registry.k8s.io/${component}:v1.37.1`,
          command: [component, '--etcd-servers=https://127.0.0.1:2379', '--oidc-client-id=sesame', '--secure-port=6443'],
          env: [{ name: 'PASSWORD', value: 'sesame' }],
        },
      ],
      volumes: [
        { name: 'etc-pki', hostPath: { path: '/etc/pki', type: 'DirectoryOrCreate' } },
        { name: 'k8s-certs', hostPath: { path: '/etc/kubernetes/pki', type: 'DirectoryOrCreate' } },
      ],
    },
    status: { podIP: '10.0.0.4', containerStatuses: [{ name: component, image: 'i', ready: true, restartCount: 3, state: { running: { startedAt: '2026-11-21T10:10:00Z' } } }] },
  };
}

const kept = (...of: Parameters<typeof shown>): ControlPlanePod => project(controlPlanePods.read.fields, shown(...of)) as unknown as ControlPlanePod;

describe('controlPlanePods', () => {
  it('keeps flags, ports, directories of certificates, the start and the origin, and neither values nor other annotations', () => {
    const pod = kept('kube-apiserver');
    expect(pod).toEqual({
      metadata: { name: 'kube-apiserver-cp', namespace: 'kube-system', labels: { component: 'kube-apiserver' }, annotations: true },
      spec: {
        nodeName: 'cp',
        hostNetwork: true,
        containers: [
          { command: { program: 'kube-apiserver', flags: [{ name: 'etcd-servers' }, { name: 'oidc-client-id' }, { name: 'secure-port' }], hasVariable: false, securePort: 6443 } },
        ],
        volumes: [{ hostPath: { type: 'DirectoryOrCreate' } }, { hostPath: { path: '/etc/kubernetes/pki', type: 'DirectoryOrCreate' } }],
      },
      status: { containerStatuses: [{ state: { running: { startedAt: '2026-11-21T10:10:00Z' } } }] },
    });
    expect(JSON.stringify(pod)).not.toMatch(/sesame|10\.0\.0\.4|2379/);
  });

  it('counts as static what a kubelet made from a file, whoever gave a pod the label', () => {
    const pods = [kept('kube-apiserver'), kept('etcd'), kept('kube-apiserver', { annotations: { 'kubernetes.io/config.source': 'api' } }), kept('etcd', { annotations: {} })];
    expect(staticPods(pods)).toEqual(pods.slice(0, 2));
    expect(apiServerPods(pods)).toEqual(pods.slice(0, 1));
  });
});
