import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Optional } from '../evidence/config-map.ts';
import type { Attempted } from '../evidence/need.ts';
import { ciliumConfig, vpcCniConfig, type CiliumSwitches } from '../evidence/sources/network.ts';
import { dayOfImage, type FoundAgent } from './network-agents.ts';

/** Whether an enforcing agent is switched on, as far as its switches could be read. */
export type SwitchState =
  | { readonly state: 'on'; readonly evidence: readonly EvidenceItem[] }
  | { readonly state: 'off'; readonly words: string; readonly evidence: readonly EvidenceItem[] }
  | { readonly state: 'unknown'; readonly words: string; readonly gaps: readonly Gap[] };

/** What the switches outside of the agents' own DaemonSets say. */
export interface SwitchEvidence {
  readonly cilium: Attempted<Optional<CiliumSwitches>>;
  readonly vpcCni: Attempted<Optional<{ readonly enableNetworkPolicyController?: string }>>;
}

/** Reads the switch of an agent. An absent ConfigMap leaves the program's defaults. */
export function switchOf(found: FoundAgent, evidence: SwitchEvidence): SwitchState {
  const { agent, daemonSet } = found;
  const { switch: toggle, title } = agent;
  if (toggle === undefined) return ON;
  switch (toggle.at) {
    case 'argument': {
      const value = argument(found, toggle.name) ?? String(toggle.byDefault);
      if (value === 'other') return unknown(`what ${title} is told by --${toggle.name} cannot be read`);
      return value === 'true' ? ON : off(`${title} runs with --${toggle.name}=${value}`, found);
    }
    case 'imageDate': {
      const day = dayOfImage(found.image);
      if (day === undefined) return unknown(`which release of ${title} this is does not show in its image`);
      return day >= toggle.since ? ON : off(`this release of ${title} is older than its support for NetworkPolicy`, found);
    }
    case 'ciliumConfig':
      // The agents read the ConfigMap of their own namespace; only the usual one is read here.
      if (daemonSet.namespace !== 'kube-system') return unknown(`the ConfigMap cilium-config in namespace ${daemonSet.namespace ?? ''} is not read`);
      return ciliumSwitch(evidence.cilium);
    case 'vpcCni':
      return vpcCniSwitch(found, toggle.name, evidence.vpcCni);
    case 'unread':
      return unknown(`${toggle.where} may switch it off, and is not read`);
  }
}

const ON: SwitchState = { state: 'on', evidence: [] };

function ciliumSwitch(read: SwitchEvidence['cilium']): SwitchState {
  if ('gaps' in read) return { state: 'unknown', words: 'the switches of Cilium could not be read', gaps: read.gaps };
  if (!read.value.exists) return ON;
  const { enablePolicy, enableK8sNetworkPolicy, policyAuditMode } = read.value;
  const offBy = (key: string, value: string, words: string): SwitchState => ({ state: 'off', words, evidence: [configItem('cilium-config', key, value)] });
  if (enablePolicy === 'never') return offBy('enable-policy', enablePolicy, 'Cilium is told to enforce no policy (enable-policy: never)');
  if (enableK8sNetworkPolicy === 'false') return offBy('enable-k8s-networkpolicy', enableK8sNetworkPolicy, 'Cilium is told to leave NetworkPolicy alone (enable-k8s-networkpolicy: false)');
  if (policyAuditMode === 'true') return offBy('policy-audit-mode', policyAuditMode, 'Cilium only logs what policies would drop (policy-audit-mode: true)');
  if ([enablePolicy ?? 'default', enableK8sNetworkPolicy ?? 'true', policyAuditMode ?? 'false'].some(value => !['default', 'always', 'true', 'false'].includes(value))) {
    return unknown('the ConfigMap cilium-config holds a switch with a value that is not understood');
  }
  return ON;
}

/** Both switches are off by default, and both are needed. */
function vpcCniSwitch(found: FoundAgent, name: string, read: SwitchEvidence['vpcCni']): SwitchState {
  const own = argument(found, name) ?? 'false';
  if (own === 'other') return unknown(`what the AWS network policy agent is told by --${name} cannot be read`);
  if (own !== 'true') return off(`the AWS network policy agent runs with --${name}=${own}`, found);
  if ('gaps' in read) return { state: 'unknown', words: "the switch of Amazon's network policy controller could not be read", gaps: read.gaps };
  const value = read.value.exists ? read.value.enableNetworkPolicyController : undefined;
  if (value === 'true') return { state: 'on', evidence: [configItem('amazon-vpc-cni', 'enable-network-policy-controller', value)] };
  return {
    state: 'off',
    words: "Amazon's controller is not told to hand out policies (enable-network-policy-controller)",
    evidence: [configItem('amazon-vpc-cni', 'enable-network-policy-controller', value ?? null)],
  };
}

/** The last one counts, as with every flag of Go's; without a value it is true. */
function argument({ switches }: FoundAgent, name: string): string | undefined {
  const last = switches.findLast(each => each === `--${name}` || each.startsWith(`--${name}=`));
  return last === undefined ? undefined : last.slice(name.length + 3) || 'true';
}

function off(words: string, { evidence }: FoundAgent): SwitchState {
  return { state: 'off', words, evidence: [evidence] };
}

function unknown(words: string): SwitchState {
  return { state: 'unknown', words, gaps: [{ kind: 'notObservable', reason: 'notProven', detail: words }] };
}

function configItem(name: string, key: string, value: string | null): EvidenceItem {
  return {
    resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name },
    path: `data[${JSON.stringify(key)}]`,
    value,
    grade: 'exact',
    reproduce: ['kubectl', 'get', 'configmaps', '-n', 'kube-system', '-o', `jsonpath={.data['${key}']}`, '--', name],
  };
}

/** The sources that an index hands to {@link switchOf}. */
export const switchSources = { ciliumConfig, vpcCniConfig } as const;
