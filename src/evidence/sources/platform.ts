import type { V1Node } from '@kubernetes/client-node';
import { identity, listSource } from '../list-source.ts';

/** Labels that tell a distribution, a node's role or what stands behind a node. No other label is kept. */
const KEPT_LABELS: ReadonlySet<string> = new Set([
  'alibabacloud.com/nodepool-id',
  'alpha.eksctl.io/cluster-name',
  'cloud.google.com/gke-nodepool',
  'cloud.google.com/gke-os-distribution',
  'doks.digitalocean.com/node-pool',
  'eks.amazonaws.com/compute-type',
  'eks.amazonaws.com/nodegroup',
  'ibm-cloud.kubernetes.io/worker-version',
  'kops.k8s.io/instancegroup',
  'kubernetes.azure.com/agentpool',
  'kubernetes.azure.com/cluster',
  'kubernetes.azure.com/mode',
  'kubernetes.azure.com/node-image-version',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'lke.linode.com/pool-id',
  'microk8s.io/cluster',
  'minikube.k8s.io/version',
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
  'node.openshift.io/os_id',
  'oci.oraclecloud.com/fault-domain',
]);

/** Annotations of which only the presence is kept: their values say nothing more about the distribution. */
const KEPT_ANNOTATIONS: ReadonlySet<string> = new Set([
  'etcd.rke2.cattle.io/node-name',
  'k3s.io/encryption-config-hash',
  'k3s.io/node-config-hash',
  'kubeadm.alpha.kubernetes.io/cri-socket',
  'rke.cattle.io/internal-ip',
  'rke2.io/encryption-config-hash',
]);

/** The command line of k3s and RKE2, a JSON list; it may hold tokens and data store passwords. */
const NODE_ARGS: ReadonlySet<string> = new Set(['k3s.io/node-args', 'rke2.io/node-args']);

/** The arguments whose values stay: they say whether k3s enforces NetworkPolicy by itself. */
const KEPT_ARGUMENTS: ReadonlySet<string> = new Set(['--disable-network-policy', '--flannel-backend']);

/** An annotation as it is kept: that it is there, or the role and the flags of a command line, nearly all without their values. */
export type KeptAnnotation = true | readonly string[];

export const nodes = listSource<V1Node>()({
  id: 'nodes',
  title: 'Nodes',
  apiVersion: 'v1',
  kind: 'Node',
  resource: 'nodes',
  namespaced: false,
  projectionVersion: 3,
  fields: {
    metadata: { ...identity, labels: keepLabels, annotations: keepAnnotations },
    spec: { providerID: schemeOf },
    status: {
      addresses: [{ type: true, address: true }],
      conditions: keepConditions,
      nodeInfo: { kubeletVersion: true, osImage: true, kernelVersion: true, containerRuntimeVersion: true },
    },
  },
});

/** One Node as this source keeps it. */
export type NodeEvidence = NonNullable<(typeof nodes)['evidence']>[number];

function keepLabels(labels: { readonly [name: string]: string }): Readonly<Record<string, string>> {
  const kept = Object.entries(labels).filter(([name, value]) =>
    typeof value === 'string' && (KEPT_LABELS.has(name) || (name === 'type' && value === 'virtual-kubelet')));
  return Object.fromEntries(kept);
}

function keepAnnotations(annotations: { readonly [name: string]: string }): Readonly<Record<string, KeptAnnotation>> {
  const kept: Record<string, KeptAnnotation> = {};
  for (const [name, value] of Object.entries(annotations)) {
    if (KEPT_ANNOTATIONS.has(name)) kept[name] = true;
    else if (NODE_ARGS.has(name)) kept[name] = commandLine(value) ?? true;
  }
  return kept;
}

/**
 * `["server","--token","..."]` gives `["server","--token"]`; a value stays where it may, as in `--flannel-backend=none`.
 * Undefined where the text is no list of arguments.
 */
export function commandLine(text: string): readonly string[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    // The annotation is free text to the API server; that it is there is still a sign.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!Array.isArray(parsed)) return undefined;
  const words = parsed.filter(argument => typeof argument === 'string');
  const [first] = words;
  const flags = words.flatMap((word, at) => {
    const [, name, own] = /^(--[a-z][a-z0-9-]{0,60})(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) return [];
    const value = own ?? words[at + 1];
    return [KEPT_ARGUMENTS.has(name) && value !== undefined && /^[a-z][a-z0-9-]{0,20}$/.test(value) ? `${name}=${value}` : name];
  });
  // Only the subcommand may stand without dashes; a value that looks like one does not come first.
  return first === 'server' || first === 'agent' ? [first, ...flags] : flags;
}

/** Whether the node says that it is ready, and who said that its network is. Times, messages and other conditions go. */
function keepConditions(conditions: readonly { readonly type: string; readonly status: string; readonly reason?: string }[]): {
  readonly ready?: string;
  readonly network?: string;
} {
  if (!Array.isArray(conditions)) return {};
  const find = (wanted: string): { readonly status?: unknown; readonly reason?: unknown } | undefined =>
    (conditions as readonly ({ readonly type?: unknown; readonly status?: unknown; readonly reason?: unknown } | null)[]).find(each => each?.type === wanted) ?? undefined;
  const ready = find('Ready')?.status;
  const network = find('NetworkUnavailable')?.reason;
  return {
    ...(typeof ready === 'string' && /^(True|False|Unknown)$/.test(ready) ? { ready } : {}),
    ...(typeof network === 'string' && /^[A-Za-z]{1,40}$/.test(network) ? { network } : {}),
  };
}

/** `aws:///eu-west-1b/i-0abc` gives `aws://`; what follows names an account, a zone and a machine. */
export function schemeOf(providerID: string): string | undefined {
  return typeof providerID === 'string' ? /^[a-z][a-z0-9+.-]{0,40}:\/\//i.exec(providerID)?.[0].toLowerCase() : undefined;
}
