import { parseKubernetesVersion } from '../data/kubernetes-version.ts';
import type { Argv, EvidenceItem } from '../evidence/evidence-item.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { nodes, type NodeEvidence } from '../evidence/sources/platform.ts';
import { clusterRoleBindings } from '../evidence/sources/rbac.ts';
import { apiServerRef } from '../evidence/resource-ref.ts';

const KUBEADM_NODE_GROUP = 'system:bootstrappers:kubeadm:default-node-token';

/** Something read from the cluster that tells the distribution, and the command that shows it. */
export type PlatformSign = EvidenceItem & { readonly resource: ResourceRef; readonly grade: 'exact'; readonly reproduce: Argv };

/** What the rules look at; undefined where it could not be read. */
export interface PlatformFacts {
  readonly server: string | undefined;
  /** Sorted by name, so that the same node is cited whatever the order of the list. */
  readonly nodes: readonly NodeEvidence[] | undefined;
  readonly groups: readonly string[] | undefined;
  readonly bootstrapBinding: { readonly name: string; readonly at: number } | undefined;
}

/** What tells something about one node: where it stands, and its value. */
export type NodeTest = (node: NodeEvidence) => { readonly path: string; readonly value: unknown } | undefined;

export function label(name: string): NodeTest {
  return node => {
    const value = ownValue(node.metadata.labels, name);
    return value === undefined ? undefined : { path: `metadata.labels[${JSON.stringify(name)}]`, value };
  };
}

export function annotation(name: string): NodeTest {
  return node => {
    const value = ownValue(node.metadata.annotations, name);
    return value === undefined ? undefined : { path: `metadata.annotations[${JSON.stringify(name)}]`, value };
  };
}

export function provider(scheme: string): NodeTest {
  return node => (node.spec?.providerID === scheme ? { path: 'spec.providerID', value: scheme } : undefined);
}

export function isEksBuild(node: NodeEvidence): boolean {
  return /^-eks-(?!\d+-\d+-)/.test(suffixOf(node.status?.nodeInfo?.kubeletVersion ?? ''));
}

export function nodeSign({ nodes: list = [] }: PlatformFacts, test: NodeTest): readonly PlatformSign[] {
  for (const node of list) {
    const found = test(node);
    if (found !== undefined) {
      const reproduce = ['kubectl', 'get', 'nodes', '-o', 'yaml', '--', node.metadata.name];
      return [{ resource: refOf(nodes, node), ...found, grade: 'exact', reproduce }];
    }
  }
  return [];
}

/** The server's own version decides; only where it is unread do the kubelets speak for it. */
export function versionSign({ server, nodes: list }: PlatformFacts, suffix: RegExp): readonly PlatformSign[] {
  if (server !== undefined) {
    if (!suffix.test(suffixOf(server))) return [];
    return [{ resource: apiServerRef, path: 'gitVersion', value: server, grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/version'] }];
  }
  return nodeSign({ server, nodes: list, groups: undefined, bootstrapBinding: undefined }, node => {
    const value = node.status?.nodeInfo?.kubeletVersion ?? '';
    return suffix.test(suffixOf(value)) ? { path: 'status.nodeInfo.kubeletVersion', value } : undefined;
  });
}

export function groupSign({ groups }: PlatformFacts, name: string): readonly PlatformSign[] {
  if (groups === undefined || !groups.includes(name)) return [];
  return [{ resource: apiServerRef, path: 'groups', value: name, grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/apis'] }];
}

export function bootstrapSign({ bootstrapBinding: found }: PlatformFacts): readonly PlatformSign[] {
  if (found === undefined) return [];
  const { apiVersion, kind } = clusterRoleBindings.read;
  return [{
    resource: { apiVersion, kind, name: found.name },
    path: `subjects[${found.at}].name`,
    value: KUBEADM_NODE_GROUP,
    grade: 'exact',
    reproduce: ['kubectl', 'get', 'clusterrolebindings', '-o', 'yaml', '--', found.name],
  }];
}

export function bootstrapBindingIn(bindings: NonNullable<(typeof clusterRoleBindings)['evidence']>): PlatformFacts['bootstrapBinding'] {
  const found = bindings.flatMap(({ metadata, subjects = [] }) => {
    const at = subjects.findIndex(({ kind, name }) => kind === 'Group' && name === KUBEADM_NODE_GROUP);
    return at < 0 ? [] : [{ name: metadata.name, at }];
  });
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
}

/** All of them, or none where one is missing. */
export function together(...parts: readonly (readonly PlatformSign[])[]): readonly PlatformSign[] {
  return parts.every(part => part.length > 0) ? parts.flat() : [];
}

export function firstOf(...parts: readonly (readonly PlatformSign[])[]): readonly PlatformSign[] {
  return parts.find(part => part.length > 0) ?? [];
}

/** What follows the numbers of a version; empty where it is none. */
export function suffixOf(version: string): string {
  return parseKubernetesVersion(version)?.suffix ?? '';
}

function ownValue<T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}
