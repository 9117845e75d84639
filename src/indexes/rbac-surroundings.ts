import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { apiGroups, serverVersion } from '../evidence/sources/versions.ts';
import { namespaces, pods, serviceAccounts, type PodEvidence } from '../evidence/sources/workloads.ts';

/** A pod as a step: whose token lies in it, and whether a command in it reaches its node. */
export interface PodStep {
  readonly name: string;
  readonly namespace: string;
  /** The service account whose token is mounted. */
  readonly serviceAccount?: string;
  readonly node?: string;
  readonly reachesNode: boolean;
  /** On the node's own network, from where the cloud's metadata service answers. */
  readonly isOnHostNetwork: boolean;
}

/** What decides besides roles where an escalation ends. Whatever is undefined could not be read, and is not "none". */
export interface RbacSurroundings {
  readonly pods: readonly PodStep[] | undefined;
  readonly nodes: readonly { readonly name: string; readonly isControlPlane: boolean; readonly isOfCloud: boolean }[] | undefined;
  readonly serviceAccounts: readonly { readonly namespace: string; readonly name: string; readonly cloudRole?: string }[] | undefined;
  /** The namespaces, with whether Pod Security keeps privileged pods out. */
  readonly namespaces: ReadonlyMap<string, boolean> | undefined;
  readonly apiGroups: ReadonlySet<string> | undefined;
  /** The minor version of 1.x. */
  readonly minor: number | undefined;
  readonly gaps: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

export const rbacSurroundings = defineIndex({
  id: 'rbac-surroundings',
  needs: {
    pods: attempt(pods),
    nodes: attempt(nodes),
    serviceAccounts: attempt(serviceAccounts),
    namespaces: attempt(namespaces),
    apiGroups: attempt(apiGroups),
    version: attempt(serverVersion),
  },
  build(evidence): RbacSurroundings {
    const accounts = 'value' in evidence.serviceAccounts ? evidence.serviceAccounts.value : undefined;
    const unmounted = new Set(accounts?.filter(each => each.automountServiceAccountToken === false).map(keyOf));
    return {
      pods: 'value' in evidence.pods ? sorted(evidence.pods.value).map(pod => stepOf(pod, unmounted)) : undefined,
      nodes: 'value' in evidence.nodes
        ? sorted(evidence.nodes.value).map(({ metadata: { name, labels = {} }, spec }) => ({
            name, isControlPlane: 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels, isOfCloud: CLOUDS.has(spec?.providerID ?? ''),
          }))
        : undefined,
      serviceAccounts: accounts === undefined ? undefined : sorted(accounts).map(({ metadata: { name, namespace = '', annotations } }) => ({ namespace, name, ...(annotations === undefined ? {} : { cloudRole: annotations.role }) })),
      namespaces: 'value' in evidence.namespaces
        ? new Map(sorted(evidence.namespaces.value).map(({ metadata: { name, labels = {} } }) =>
            [name, ['baseline', 'restricted'].includes(labels['pod-security.kubernetes.io/enforce'] ?? '')]))
        : undefined,
      apiGroups: 'value' in evidence.apiGroups ? new Set(evidence.apiGroups.value) : undefined,
      minor: 'value' in evidence.version ? minorOf(evidence.version.value) : undefined,
      gaps: [
        ['pods', evidence.pods], ['nodes', evidence.nodes], ['service accounts', evidence.serviceAccounts],
        ['namespaces', evidence.namespaces], ['API groups', evidence.apiGroups], ['the server version', evidence.version],
      ].flatMap(([of, read]) => (typeof of === 'string' && typeof read === 'object' && 'gaps' in read ? [{ of, gaps: read.gaps }] : [])),
    };
  },
});

/** Whom a pod runs as. */
export function accountOf({ metadata: { namespace = '' }, spec }: Pick<PodEvidence, 'metadata' | 'spec'>): { readonly namespace: string; readonly name: string } {
  return { namespace, name: spec?.serviceAccountName ?? 'default' };
}

/**
 * The API server writes an account into every pod that it takes in, save the mirrors of static pods, which hold no token
 * (plugin/pkg/admission/serviceaccount/admission.go).
 *
 * @param unmounted the accounts, `NAMESPACE/NAME`, that say that their token is not to be mounted
 */
export function isTokenMounted(pod: Pick<PodEvidence, 'metadata' | 'spec'>, unmounted: ReadonlySet<string>): boolean {
  const { spec } = pod;
  if (spec?.serviceAccountName === undefined) return false;
  return spec.volumes?.some(each => each.projected?.sources?.some(from => from.serviceAccountToken !== undefined) === true) === true
    || (spec.automountServiceAccountToken ?? !unmounted.has(keyOf({ metadata: accountOf(pod) })));
}

function stepOf(pod: PodEvidence, unmounted: ReadonlySet<string>): PodStep {
  const { metadata: { name, namespace = '' }, spec } = pod;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    name, namespace,
    ...(isTokenMounted(pod, unmounted) ? { serviceAccount: accountOf(pod).name } : {}),
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
    isOnHostNetwork: spec?.hostNetwork === true,
    reachesNode: containers.some(each => each.securityContext?.privileged === true || reachesNode(each.securityContext?.capabilities?.add ?? [], spec?.hostPID === true))
      || spec?.volumes?.some(each => each.hostPath !== undefined && each.hostPath.path !== 'other') === true,
  };
}

/** The clouds whose nodes have a role of their own, as the provider's id of a node begins. */
const CLOUDS: ReadonlySet<string> = new Set(['aws://', 'gce://', 'azure://']);

/** Tracing takes a process of the node in sight. */
function reachesNode(capabilities: readonly string[], hasHostPids: boolean): boolean {
  return capabilities.some(each => each !== 'SYS_PTRACE' || hasHostPids);
}

/** By namespace and name: which of two equal ways is shown must not hang on the order of a list. */
function sorted<T extends { readonly metadata: { readonly namespace?: string; readonly name: string } }>(items: readonly T[]): readonly T[] {
  return items.map(item => ({ key: keyOf(item), item })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}

function keyOf({ metadata: { namespace = '', name } }: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return `${namespace}/${name}`;
}

function minorOf({ major, minor }: { readonly major: string; readonly minor: string }): number | undefined {
  const number = /^\d+/.exec(minor)?.[0];
  return major === '1' && number !== undefined ? Number(number) : undefined;
}
