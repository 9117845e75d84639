import type { V1Node } from '@kubernetes/client-node';
import type { Permission } from '../gap.ts';
import type { NodeFiles } from '../node-files.ts';
import { listSource } from '../list-source.ts';
import type { OptIn, PerResult, Source } from '../source.ts';
import { controlPlanePods } from './control-plane.ts';

/** Where the pods of `--node-files` are created, unless told otherwise: Pod Security lets mounts of the node in there. */
export const NODE_FILES_NAMESPACE = 'kube-system';

const optIn: OptIn = { flag: '--node-files', detail: 'no pod was created to read the certificate files of the nodes' };

/** The rights that the pods take in their namespace. */
export function nodeFilesRights(namespace: string): readonly Permission[] {
  return (['create', 'get', 'list', 'delete'] as const).map((verb): Permission => ({ apiGroup: '', resource: 'pods', verb, namespace }))
    .concat({ apiGroup: '', resource: 'pods/log', verb: 'get', namespace });
}

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
    fields: { metadata: { name: true }, status: { images: [{ names: nameWithShell }] } },
  }),
  optIn,
};

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
  after: [nodeImages, controlPlanePods],
  skippedWithNamespace: true,
};

/**
 * Names of images that hold a shell, the smallest first. Sources: the Dockerfiles of busybox, alpine, k3s-io/klipper-lb
 * (alpine), flannel-io/flannel (alpine), kubernetes/release distroless-iptables (dash; the base of kube-proxy and, like
 * debian-iptables before it, of kindnetd), cilium/cilium (ubuntu), projectcalico/calico node (UBI). One that has none any
 * more shows when the pod starts, and the next is tried.
 */
const SHELLS: readonly RegExp[] = ['busybox', 'alpine', 'klipper-lb', 'flannel', 'kube-proxy(-[a-z0-9]+)?', 'kindnetd', 'cilium', 'calico/node|mirrored-calico-node']
  .map(name => new RegExp(`^[A-Za-z0-9][A-Za-z0-9._:/-]*/([a-z-]*-)?(${name})(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$`));

/** The name of an image that should hold a shell, by its tag where it has one; nothing of any other. */
function nameWithShell(names: readonly string[]): string | undefined {
  if (!Array.isArray(names)) return undefined;
  const known = names.filter((name): name is string => typeof name === 'string' && name.length < 300 && rankOf(name) >= 0);
  return known.find(name => !name.includes('@')) ?? known[0];
}

/** The images with a shell on one node, the smallest first. */
export function imagesWithShell(node: NonNullable<(typeof nodeImages)['evidence']>[number] | undefined): readonly string[] {
  const names = node?.status?.images?.flatMap(image => image.names ?? []) ?? [];
  return names.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

function rankOf(name: string): number {
  return SHELLS.findIndex(pattern => pattern.test(name));
}
