import type { V1DaemonSet, V1NetworkPolicy } from '@kubernetes/client-node';
import { configMapSource } from '../config-map.ts';
import { listSource } from '../list-source.ts';

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
  namespace: 'kube-system',
  name: 'cilium-config',
  keeps: 'the switches `enable-policy`, `enable-k8s-networkpolicy` and `policy-audit-mode`',
  parse: data => ({
    ...word('enablePolicy', data['enable-policy']),
    ...word('enableK8sNetworkPolicy', data['enable-k8s-networkpolicy']),
    ...word('policyAuditMode', data['policy-audit-mode']),
  }),
});

/** Whether Amazon's controller hands policies to the agents. */
export const vpcCniConfig = configMapSource<{ readonly enableNetworkPolicyController?: string }>({
  id: 'vpccniconfig',
  title: 'configuration of the Amazon VPC CNI',
  namespace: 'kube-system',
  name: 'amazon-vpc-cni',
  keeps: 'the switch `enable-network-policy-controller`',
  parse: data => word('enableNetworkPolicyController', data['enable-network-policy-controller']),
});

/** `true` and `false` as Go's strconv.ParseBool takes them; undefined for anything else. */
function goBoolean(value: string): 'true' | 'false' | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return 'true';
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value) ? 'false' : undefined;
}

/** A value that is one short word, in lower case; `other` for any other. */
function word<const K extends string>(name: K, value: string | undefined): { readonly [name in K]?: string } {
  const kept: { [name in K]?: string } = {};
  // That there is a value which nobody here understands must not look like none.
  if (value !== undefined) kept[name] = /^[A-Za-z0-9]{1,20}$/.test(value) ? (goBoolean(value) ?? value.toLowerCase()) : 'other';
  return kept;
}

/**
 * The switches among a container's arguments: `--run-firewall=false`, `--run-firewall` for one without a value,
 * `--run-firewall=other` for one whose value cannot be told, also where it stands inside of a shell's command.
 */
function keepSwitches(words: readonly string[]): readonly string[] | undefined {
  if (!Array.isArray(words)) return undefined;
  const kept = words.flatMap(each => {
    if (typeof each !== 'string') return [];
    const [, name, value] = /^--?([a-z-]{1,40})(?:=(.*))?$/s.exec(each) ?? [];
    if (name !== undefined && SWITCHES.has(name)) return [`--${name}${value === undefined ? '' : `=${goBoolean(value) ?? 'other'}`}`];
    return [...SWITCHES].filter(hidden => each.includes(hidden)).map(hidden => `--${hidden}=other`);
  });
  // Most containers have none: no empty list for each of them.
  return kept.length === 0 ? undefined : kept;
}
