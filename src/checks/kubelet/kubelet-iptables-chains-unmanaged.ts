import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-iptables-chains-unmanaged',
  title: 'Kubelet does not keep its iptables chains',
  severity: 'low',
  rationale:
    'The kubelet then leaves out the rule that keeps services on the localhost of the node from being reached by neighbours on its network (CVE-2020-8558).',
  remediation: {
    change: changeKubelet('`makeIPTablesUtilChains: true`'),
    mayBreak: 'Where somebody else keeps those chains, two programs write the same rules; look at `iptables-save` for KUBE-FIREWALL first.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.6' },
    { framework: 'owasp-2022', version: '2022', id: 'K07' },
    { framework: 'owasp-2025', version: '2025', id: 'K05' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://nvd.nist.gov/vuln/detail/CVE-2020-8558'],

  judge({ makeIPTablesUtilChains }) {
    return makeIPTablesUtilChains === false ? { does: 'does not keep its iptables chains', settings: { makeIPTablesUtilChains: false } } : undefined;
  },
});
