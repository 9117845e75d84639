import type { V1Node, V1Pod } from '@kubernetes/client-node';
import type { Permission } from '../gap.ts';
import type { NodeFiles } from '../node-files.ts';
import { listSource, type OptIn, type PerResult, type Source } from '../source.ts';

/** Where the pods of `--node-files` are created, unless told otherwise: Pod Security lets mounts of the node in there. */
export const NODE_FILES_NAMESPACE = 'kube-system';

const optIn: OptIn = { flag: '--node-files', detail: 'no pod was created to read the certificate files of the nodes' };

/** The rights that the pods take in their namespace. */
export function nodeFilesRights(namespace: string): readonly Permission[] {
  return (['create', 'get', 'list', 'delete'] as const).map((verb): Permission => ({ apiGroup: '', resource: 'pods', verb, namespace }))
    .concat({ apiGroup: '', resource: 'pods/log', verb: 'get', namespace });
}

/** The certificates in the files of every node, read by a pod that lives for seconds. */
export const nodeFiles: Source<readonly PerResult<NodeFiles>[]> = {
  type: 'source',
  id: 'nodefiles',
  title: 'certificate files of the nodes',
  projectionVersion: 1,
  read: { how: 'nodeFiles' },
  per: 'node',
  permissions: [...nodeFilesRights(NODE_FILES_NAMESPACE), { apiGroup: '', resource: 'nodes', verb: 'list' }],
  addOnRole: 'node-files',
  optIn,
  skippedWithNamespace: true,
};

/** Images with a shell that lie on each node: what a pod can be made of without pulling anything. */
export const nodeImages = {
  ...listSource<V1Node>()({
    id: 'nodeimages',
    title: 'images on Nodes',
    apiVersion: 'v1',
    kind: 'Node',
    resource: 'nodes',
    namespaced: false,
    projectionVersion: 1,
    fields: { metadata: { name: true }, status: { images: imagesWithShell } },
  }),
  optIn,
};

/** Static pods of the control plane: which directories of their node they use, and since when they run. */
export const controlPlanePods = {
  ...listSource<V1Pod>()({
    id: 'controlplanepods',
    title: 'control-plane Pods',
    apiVersion: 'v1',
    kind: 'Pod',
    resource: 'pods',
    namespaced: true,
    namespace: 'kube-system',
    labelSelector: 'tier=control-plane',
    projectionVersion: 1,
    fields: {
      metadata: { name: true, namespace: true, labels: componentOf, annotations: isMirror },
      spec: { nodeName: true, volumes: certificateDirectories },
      status: { containerStatuses: startOf },
    },
  }),
  optIn,
};

/** One control-plane Pod as this source keeps it. */
export type ControlPlanePod = NonNullable<(typeof controlPlanePods)['evidence']>[number];

/**
 * Names of images that hold a shell, the smallest first. Sources: the Dockerfiles of busybox, alpine, k3s-io/klipper-lb
 * (alpine), flannel-io/flannel (alpine), kubernetes/release distroless-iptables (dash; the base of kube-proxy and, like
 * debian-iptables before it, of kindnetd), cilium/cilium (ubuntu), projectcalico/calico node (UBI). One that has none any
 * more shows when the pod starts, and the next is tried.
 */
const SHELLS: readonly RegExp[] = ['busybox', 'alpine', 'klipper-lb', 'flannel', 'kube-proxy(-[a-z0-9]+)?', 'kindnetd', 'cilium', 'calico/node|mirrored-calico-node']
  .map(name => new RegExp(`^[A-Za-z0-9][A-Za-z0-9._:/-]*/([a-z-]*-)?(${name})(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$`));

function imagesWithShell(images: readonly { readonly names?: readonly string[] }[]): readonly string[] {
  if (!Array.isArray(images)) return [];
  const names = images.flatMap((image: { readonly names?: unknown } | null) => {
    const own: unknown[] = Array.isArray(image?.names) ? image.names : [];
    const known = own.filter((name): name is string => typeof name === 'string' && name.length < 300 && rankOf(name) >= 0);
    // By its tag where it has one, which people know it by; both name the same image.
    return known.find(name => !name.includes('@')) ?? known[0] ?? [];
  });
  return names.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1)).slice(0, 3);
}

function rankOf(name: string): number {
  return SHELLS.findIndex(pattern => pattern.test(name));
}

/** Which component of the control plane it is. */
function componentOf(labels: { readonly [name: string]: string }): { readonly component?: string } {
  const component: unknown = labels['component'];
  return typeof component === 'string' && /^[a-z][a-z0-9-]{0,62}$/.test(component) ? { component } : {};
}

/** Whether the kubelet made it from a file: only then its mounts say what is on the node. */
function isMirror(annotations: { readonly [name: string]: string }): boolean {
  return typeof annotations['kubernetes.io/config.mirror'] === 'string';
}

/** What holds the authorities of the operating system, or data, and no certificate of the cluster. */
const NOT_OURS = /^\/(etc\/(ssl\/certs|ca-certificates|pki)|usr|var\/lib\/etcd|var\/log|var\/db)(\/|$)|flexvolume|volume\/exec|\/manifests(\/|$)|\/db(\/|$)/;

/** The directories of certificates among the mounts; of a mounted file its directory. */
function certificateDirectories(volumes: readonly { readonly hostPath?: { readonly path: string; readonly type?: string } }[]): readonly string[] {
  if (!Array.isArray(volumes)) return [];
  const found = volumes.flatMap((volume: { readonly hostPath?: { readonly path?: unknown; readonly type?: unknown } | null } | null) => {
    const { path, type } = volume?.hostPath ?? {};
    if (typeof path !== 'string' || NOT_OURS.test(path) || !/kube|pki|tls|cert|ssl|rancher/.test(path)) return [];
    return typeof type === 'string' && type.startsWith('File') ? path.replace(/\/[^/]*$/, '') : path.replace(/\/$/, '');
  });
  return [...new Set(found)].sort();
}

/** When its first container was started, RFC 3339; absent where it does not run. */
function startOf(statuses: readonly { readonly state?: { readonly running?: { readonly startedAt?: string } } }[]): string | undefined {
  if (!Array.isArray(statuses)) return undefined;
  const [first] = statuses as readonly ({ readonly state?: { readonly running?: { readonly startedAt?: unknown } } } | null)[];
  const started = first?.state?.running?.startedAt;
  return typeof started === 'string' && !Number.isNaN(Date.parse(started)) ? started : undefined;
}
