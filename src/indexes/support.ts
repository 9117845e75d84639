import { parseKubernetesVersion } from '../data/kubernetes-version.ts';
import type { SupportCalendar } from '../data/support-calendar.ts';
import { gitVersionOf, type ApiServerMetrics } from '../evidence/api-server-metrics.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { apiServerRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { refOf, type PerResult } from '../evidence/source.ts';
import { apiServerMetrics } from '../evidence/sources/api-server.ts';
import { nodes, type NodeEvidence } from '../evidence/sources/platform.ts';
import { serverVersion, type ServerVersion } from '../evidence/sources/versions.ts';
import { platform, type Platform } from './platform.ts';
import { verdictOf, type SupportVerdict } from './support-verdict.ts';

/** One program of the cluster that has a version and a calendar. */
export interface Component {
  readonly kind: 'API server' | 'kubelet';
  readonly resource: ResourceRef;
  /** For messages: `the API server`, `the kubelet of node n1`. */
  readonly title: string;
  readonly version: string;
  readonly verdict: SupportVerdict;
  /** The version, the support end where there is one, and the sign that chose the calendar. */
  readonly evidence: readonly [EvidenceItem, ...EvidenceItem[]];
}

/** What could not be judged, with all that share the reason counted together. */
export interface Undecided {
  readonly of: string;
  readonly count: number;
  readonly gaps: readonly Gap[];
  readonly evidence: readonly EvidenceItem[];
}

export interface Support {
  readonly platform: Platform;
  /** How many API server replicas said that they have a version. */
  readonly replicas: ReadonlyMap<string, number>;
  /** The API server, then the kubelets by node name. Those without a verdict are here too. */
  readonly components: readonly Component[];
  /** Components without a verdict, by version, and components whose version could not be read. */
  readonly undecided: readonly Undecided[];
}

/** A component with a verdict of one state. */
export type ComponentIn<S extends SupportVerdict['state']> = Component & { readonly verdict: Extract<SupportVerdict, { state: S }> };

export function isIn<S extends SupportVerdict['state']>(state: S): (component: Component) => component is ComponentIn<S> {
  return (component): component is ComponentIn<S> => component.verdict.state === state;
}

/**
 * The API server and every kubelet, each with the end of its support by the calendar that applies to it. Of several
 * API server replicas the oldest is judged: during an upgrade that stopped half-way it is the one that is left behind.
 */
export const support = defineIndex({
  id: 'support',
  needs: { cluster: platform, version: attempt(serverVersion), metrics: attempt(apiServerMetrics), nodeList: attempt(nodes) },
  build({ cluster, version, metrics, nodeList }, { now }): Support {
    const components: Component[] = [];
    const verdicts = new Map<string, SupportVerdict>();
    const { versions, unread } = apiServerVersions(version, metrics);
    components.push(...judgedVersions([...versions.keys()]).map(apiServer));

    if ('value' in nodeList) {
      const sorted = nodeList.value.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      for (const node of sorted) {
        const read = kubelet(node);
        if ('gaps' in read) unread.push(read);
        else components.push(read);
      }
    } else {
      unread.push({ of: 'kubelets', count: 1, gaps: nodeList.gaps, evidence: [] });
    }
    return { platform: cluster, replicas: versions, components, undecided: [...unread, ...undecidedOf(components)] };

    function apiServer(gitVersion: string): Component {
      return component({ kind: 'API server', resource: apiServerRef, title: 'the API server', version: gitVersion }, {
        path: 'gitVersion',
        value: gitVersion,
        grade: 'exact',
        // /version is answered by one replica; what another one said of itself stands in its own metrics.
        ...('value' in version && version.value.gitVersion === gitVersion
          ? { reproduce: ['kubectl', 'version', '-o', 'json'] }
          : { derivation: 'git_version of kubernetes_build_info in the /metrics of another replica than the one that answered /version' }),
      });
    }

    function kubelet(node: NodeEvidence): Component | Undecided {
      const { name } = node.metadata;
      const kubeletVersion = node.status?.nodeInfo?.kubeletVersion ?? '';
      const of = `kubelet of node ${name}`;
      if (node.metadata.labels?.type === 'virtual-kubelet') {
        return undecided(of, 'a virtual kubelet has releases of its own, and its node reports the Kubernetes version it imitates');
      }
      if (kubeletVersion === '') return undecided(of, 'the node has not reported a kubelet version');
      return component({ kind: 'kubelet', resource: refOf(nodes, node), title: `the ${of}`, version: kubeletVersion }, {
        path: 'status.nodeInfo.kubeletVersion',
        value: kubeletVersion,
        grade: 'exact',
        reproduce: ['kubectl', 'get', 'nodes', '-o', 'jsonpath={.status.nodeInfo.kubeletVersion}', '--', name],
      });
    }

    function component(of: Omit<Component, 'verdict' | 'evidence'>, seen: EvidenceItem): Component {
      // Thousands of nodes share a few versions.
      const verdict = verdicts.get(of.version) ?? verdictOf(of.version, cluster, now);
      verdicts.set(of.version, verdict);
      // What chose another calendar than the one everybody expects.
      const signs = 'calendar' in verdict && verdict.calendar.id !== 'upstream' ? cluster.signs : [];
      const others = signs.filter(sign => sign.path !== seen.path || sign.resource.name !== of.resource.name);
      return { ...of, verdict, evidence: [seen, ...endEvidence(verdict), ...others] };
    }
  },
});

/** The versions that API server replicas say of themselves, with how many do, and the replicas that said nothing. */
function apiServerVersions(
  version: Attempted<ServerVersion>,
  metrics: Attempted<readonly PerResult<ApiServerMetrics>[]>,
): { readonly versions: ReadonlyMap<string, number>; readonly unread: Undecided[] } {
  const answered = new Map('value' in version ? [[version.value.gitVersion, 1]] : []);
  if ('gaps' in metrics) {
    if (answered.size === 0 && 'gaps' in version) return { versions: answered, unread: [{ of: 'API server', count: 1, gaps: version.gaps, evidence: [] }] };
    return { versions: answered, unread: [{ of: 'other API server replicas', count: 1, gaps: metrics.gaps, evidence: [] }] };
  }
  const unread: Undecided[] = [];
  const seen = new Map<string, number>();
  for (const replica of metrics.value) {
    const said = 'value' in replica ? gitVersionOf(replica.value) : undefined;
    if (said !== undefined) seen.set(said, (seen.get(said) ?? 0) + 1);
    else if ('gap' in replica) unread.push({ of: replica.of, count: 1, gaps: [replica.gap], evidence: [] });
    else unread.push(undecided(replica.of, `${replica.of} does not say its version in its metrics`));
  }
  // The one that answered /version may be one whose metrics were not read.
  return { versions: new Map([...answered, ...seen]), unread };
}

/** The oldest version, and each that is none: a newer replica is never supported for less time than an older one. */
function judgedVersions(versions: readonly string[]): string[] {
  const read = versions.map(text => ({ text, version: parseKubernetesVersion(text) }));
  const rank = ({ version }: (typeof read)[number]): number => (version?.major ?? 0) * 1_000_000 + (version?.minor ?? 0) * 1000 + (version?.patch ?? 0);
  const oldest = read.filter(({ version }) => version !== undefined).sort((a, b) => rank(a) - rank(b)).slice(0, 1);
  return [...oldest, ...read.filter(({ version }) => version === undefined)].map(({ text }) => text);
}

function undecided(of: string, detail: string): Undecided {
  return { of, count: 1, gaps: [{ kind: 'notObservable', reason: 'notSeen', detail }], evidence: [] };
}

/** One for each version: a reason that five hundred nodes share is said once. */
function undecidedOf(components: readonly Component[]): Undecided[] {
  const open = components.filter(isIn('unknown'));
  const groups = Map.groupBy(open, ({ kind, version }) => `${kind} ${version}`);
  return [...groups].flatMap(([of, members]) => {
    const [first] = members;
    return first === undefined ? [] : [{ of, count: members.length, gaps: first.verdict.gaps, evidence: citing(first) }];
  });
}

function citing({ resource, evidence }: Component): readonly EvidenceItem[] {
  return evidence.map(item => ({ resource, ...item }));
}

function endEvidence(verdict: SupportVerdict): readonly EvidenceItem[] {
  if (verdict.state === 'unknown') return verdict.known === undefined ? [] : [dated(verdict.known.calendar, verdict.known.endOfLife)];
  const { calendar, support: of } = verdict;
  if (of.status === 'supported' || !of.isBound) return [dated(calendar, of.endOfLife)];
  const rule = of.row?.phases.at(-1)?.atMost;
  const derivation = rule === undefined
    ? `minors end in order, and this day is the end of the oldest one in ${tableOf(calendar)}`
    : `${rule}, by ${tableOf(calendar)}`;
  return [{ path: 'support end', value: of.endOfLife, grade: 'bound', derivation }];
}

function dated(calendar: SupportCalendar, day: string): EvidenceItem {
  return { path: 'support end', value: day, grade: 'inferred', derivation: `last day of support of this minor in ${tableOf(calendar)}` };
}

function tableOf({ title, source, dataFreshThrough }: SupportCalendar): string {
  return `this program's table of ${title} releases (${source}, as of ${dataFreshThrough})`;
}
