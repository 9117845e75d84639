import type { V1DaemonSet, V1NetworkPolicy } from '@kubernetes/client-node';
import { configMapSource } from '../config-map.ts';
import { listSource } from '../source.ts';

/** Arguments that switch the enforcement of NetworkPolicy; of every other argument nothing is kept. */
const SWITCHES: ReadonlySet<string> = new Set(['enable-network-policy', 'run-firewall']);

/** DaemonSets, as far as they tell which network agents run and as whom. */
export const daemonSets = listSource<V1DaemonSet>()({
  id: 'daemonsets',
  title: 'DaemonSets',
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  namespaced: true,
  projectionVersion: 1,
  fields: {
    metadata: { name: true, namespace: true },
    spec: {
      template: {
        spec: {
          serviceAccountName: true,
          containers: [{ name: true, image: true, command: keepSwitches, args: keepSwitches }],
        },
      },
    },
  },
});

/** One DaemonSet as this source keeps it. */
export type DaemonSetEvidence = NonNullable<(typeof daemonSets)['evidence']>[number];

/** NetworkPolicies of the built-in kind, without their rules. */
export const networkPolicies = listSource<V1NetworkPolicy>()({
  id: 'networkpolicies',
  title: 'NetworkPolicies',
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  namespaced: true,
  projectionVersion: 1,
  fields: { metadata: { name: true, namespace: true }, spec: { policyTypes: true } },
});

/** Whether Cilium enforces NetworkPolicy: Cilium's documentation, "Network Policy Enforcement Modes". */
export interface CiliumSwitches {
  /** `default`, `always` or `never`; absent for the default. */
  readonly enablePolicy?: string;
  readonly enableK8sNetworkPolicy?: string;
  /** `true`: verdicts are only logged. */
  readonly policyAuditMode?: string;
}

export const ciliumConfig = configMapSource<CiliumSwitches>({
  id: 'ciliumconfig',
  title: 'configuration of Cilium',
  projectionVersion: 1,
  namespace: 'kube-system',
  name: 'cilium-config',
  keeps: 'the switches `enable-policy`, `enable-k8s-networkpolicy` and `policy-audit-mode`',
  keep: data => ({
    ...word('enablePolicy', data['enable-policy']),
    ...word('enableK8sNetworkPolicy', data['enable-k8s-networkpolicy']),
    ...word('policyAuditMode', data['policy-audit-mode']),
  }),
});

/** Whether Amazon's controller hands policies to the agents. */
export const vpcCniConfig = configMapSource<{ readonly enableNetworkPolicyController?: string }>({
  id: 'vpccniconfig',
  title: 'configuration of the Amazon VPC CNI',
  projectionVersion: 1,
  namespace: 'kube-system',
  name: 'amazon-vpc-cni',
  keeps: 'the switch `enable-network-policy-controller`',
  keep: data => word('enableNetworkPolicyController', data['enable-network-policy-controller']),
});

/** A value that is one short word, or nothing. */
function word<const K extends string>(name: K, value: string | undefined): { readonly [name in K]?: string } {
  const kept: { [name in K]?: string } = {};
  if (value !== undefined && /^[A-Za-z]{1,20}$/.test(value)) kept[name] = value;
  return kept;
}

/** The switches among a container's arguments: `--run-firewall=false`, `--run-firewall` for one without a value. */
function keepSwitches(words: readonly string[]): readonly string[] | undefined {
  if (!Array.isArray(words)) return undefined;
  const kept = words.flatMap(each => {
    const [, name, value] = (typeof each === 'string' ? /^--?([a-z-]+)(?:=(true|false))?$/.exec(each) : null) ?? [];
    return name !== undefined && SWITCHES.has(name) ? [`--${name}${value === undefined ? '' : `=${value}`}`] : [];
  });
  // Most containers have none: no empty list for each of them.
  return kept.length === 0 ? undefined : kept;
}
