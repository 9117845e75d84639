import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-static-pod-url',
  title: 'Kubelet runs pods that it fetches from a URL',
  severity: 'high',
  rationale:
    'Whoever controls what the URL answers runs any container on the node, privileged ones too: no admission control, RBAC or policy of the cluster sees it first.',
  remediation: {
    change: changeKubelet('`staticPodURL` to nothing, and put manifests that are needed into the folder of `staticPodPath`'),
    mayBreak: 'Pods that came from the URL end when the kubelet restarts; save their manifests first (`kubectl get pods -A` shows them with the name of the node behind theirs).',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K02' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/#pods-created-via-http'],

  judge({ staticPodURL }) {
    if (staticPodURL === '') return undefined;
    // The rest of the URL may hold a password and is not kept.
    return staticPodURL === 'https:'
      ? { does: 'runs the pods that a URL answers with', severity: 'medium', settings: { staticPodURL } }
      : { does: 'runs the pods that a URL answers with, fetched without protection on the way', settings: { staticPodURL } };
  },
});
