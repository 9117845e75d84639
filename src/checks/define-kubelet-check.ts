import type { KubeletConfiguration } from '../evidence/kubelet-configuration.ts';
import { kubeletSettings, settingEvidence, type NodeKubelet } from '../indexes/kubelet-settings.ts';
import { defineCheck, unknownTarget, type Check, type CheckWords, type Severity } from './define-check.ts';

/** What is wrong with one kubelet's settings. */
export interface WrongSetting {
  /** Follows `the kubelet of NODE`: `takes requests without a credential`. */
  readonly does: string;
  readonly severity?: Severity;
  /** What the verdict stands on: the path below KubeletConfiguration, to the value. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A check of one kubelet setting after the other: every node is a target, those that could not be read are unknown. */
export function defineKubeletCheck(check: Omit<CheckWords, 'scope'> & {
  readonly judge: (config: KubeletConfiguration, node: NodeKubelet) => WrongSetting | undefined;
}): Check {
  const { judge, ...words } = check;
  return defineCheck({
    ...words,
    scope: 'cluster',
    needs: { kubelets: kubeletSettings },
    *targets({ kubelets }) {
      for (const node of kubelets) yield 'value' in node.configz ? { node, configz: node.configz.value } : unknownTarget(`kubelet of ${node.name}`, node.configz.gaps);
    },
    inspect({ node, configz }) {
      const wrong = judge(configz.config, node);
      if (wrong === undefined) return undefined;
      const [first, ...more] = Object.entries(wrong.settings).map(([path, value]) => settingEvidence(node, configz, path, value));
      if (first === undefined) throw new Error(`${check.id} cites no setting`);
      return {
        resource: node.resource,
        ...(wrong.severity === undefined ? {} : { severity: wrong.severity }),
        message: `the kubelet of ${node.name} ${wrong.does}`,
        evidence: [first, ...more],
        cause: 'kubelet configuration',
      };
    },
  });
}

/** Where a kubelet's settings are changed, for every check alike. */
export function changeKubelet(setting: string): string {
  return `Set ${setting} in the kubelet's configuration file on every node named and restart the kubelet. With kubeadm: \`kubectl edit configmap kubelet-config -n kube-system\`, then \`kubeadm upgrade node phase kubelet-config\` and \`systemctl restart kubelet\` on each node; on managed node groups change the node configuration (EKS NodeConfig, AKS custom kubelet configuration, GKE node system configuration) and replace the nodes. A command-line flag wins over the file, so look there too.`;
}
