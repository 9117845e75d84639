import type { AnyFieldTree } from './fields.ts';
import type { Gap, Permission } from './gap.ts';
import type { RawHandshake } from './raw-handshake.ts';
import type { RawTlsServer } from './raw-tls-server.ts';
import { apiGroupOf, type ResourceRef } from './resource-ref.ts';

/** How a source is read. Plain data: it holds no client and no promise. */
export type Read =
  | {
      readonly how: 'list';
      readonly apiVersion: string;
      readonly kind: string;
      /** The plural name that URLs and RBAC rules use. */
      readonly resource: string;
      readonly namespaced: boolean;
      readonly fields: AnyFieldTree;
      /** Always this namespace, whatever the scope of the run. */
      readonly namespace?: string;
      readonly labelSelector?: string;
      /** `type=kubernetes.io/tls`: the server sends no other. */
      readonly fieldSelector?: string;
      /** Items a page, where they are larger than most. */
      readonly pageSize?: number;
      /** Names, labels and annotations alone leave the API server. */
      readonly metadataOnly?: true;
      /** Of an API that a cluster may do without: where its group is not served, there are none. */
      readonly optional?: true;
      /** Read only where this API group is served: elsewhere there are no such objects, and nobody is asked for the right. */
      readonly onlyWithGroup?: string;
      /** Older versions, newest first: each is asked for in turn while the server says that it serves none of that. With none served there are no objects. */
      readonly otherVersions?: readonly string[];
      /** The items hold secrets: their bytes are wiped once they were projected. */
      readonly wiped?: true;
    }
  | {
      readonly how: 'count';
      readonly apiVersion: string;
      readonly resource: string;
      readonly namespaced: true;
    }
  | {
      readonly how: 'get';
      readonly path: string;
      readonly accept?: string;
      /** Statuses besides 200 whose body is an answer too (readyz says 500 and still lists its checks). */
      readonly alsoOk?: readonly number[];
      /** Turns the body into evidence; throws where the body is not what the path promises. */
      readonly parse: (body: string) => unknown;
      /** What is left of the body then, for the page "what secaudit reads": "names of the API groups". */
      readonly keeps: string;
    }
  | {
      /** One GET of every kubelet, below its root. */
      readonly how: 'node';
      readonly path: string;
      readonly accept?: string;
      /** So many nodes are asked a second time right after the first, where what counts is the step between. */
      readonly againOf?: number;
      /** What is kept, for the page that says so: fields of the answer, or words. */
      readonly keeps: AnyFieldTree | string;
      /** Turns the answer into evidence; throws where the body is not what the path promises. */
      readonly parse: (first: NodeAnswer, second?: NodeAnswer) => unknown;
    }
  | {
      /** A request without a credential to each kubelet, through the API server and a pod that shares the node's network. */
      readonly how: 'kubeletProbe';
    }
  | {
      /** TLS handshakes with what listens on each node, through the API server and a pod or at the node's own address. */
      readonly how: 'nodePorts';
      readonly way: 'tunnel' | 'direct';
      /** Turns what one port showed into evidence; throws where it is no certificate. */
      readonly project: (raw: RawTlsServer) => unknown;
    }
  | {
      /** TLS handshakes with the pods behind the Services that the API server calls for extensions, through tunnels. */
      readonly how: 'extensionServers';
      /** Turns what one pod showed into evidence; throws where it is no certificate. */
      readonly project: (raw: RawTlsServer) => unknown;
    }
  | {
      /** TLS handshakes with the addresses of Ingresses, for the hosts that they serve with a certificate. */
      readonly how: 'ingressServers';
      /** Turns what one address showed into evidence; throws where it is no certificate. */
      readonly project: (raw: RawTlsServer) => unknown;
    }
  | {
      /** A pod on each node that writes the certificates of its files into its log, and is deleted then. */
      readonly how: 'nodeFiles';
    }
  | {
      /** A question about the caller itself. The API calls it create; it stores nothing. */
      readonly how: 'selfReview';
      readonly apiVersion: string;
      readonly kind: string;
      readonly resource: string;
      /** What is asked; a review of who the caller is has none. */
      readonly spec?: object;
      readonly parse: (body: string) => unknown;
      readonly keeps: string;
    }
  | {
      /** What the server shows to anybody, before any login. */
      readonly how: 'handshake';
      readonly parse: (raw: RawHandshake) => unknown;
    }
  | {
      /** What the kubeconfig and the flags say: nothing is asked of anybody. */
      readonly how: 'configured';
    };

/** What a kubelet answered with status 200. */
export interface NodeAnswer {
  readonly body: string;
  /** By the kubelet's own clock when it answered, to the second below; RFC 3339, UTC. Absent where it said none. */
  readonly date?: string;
  /** How the kubelet was reached. */
  readonly way: KubeletWay;
}

/** Through the API server (`nodes/proxy`), or straight at the node's own address. */
export type KubeletWay = 'proxy' | 'direct';

/** One kind of evidence. What `T` is follows from the projection that the source declares. */
export interface Source<out T = unknown> {
  readonly type: 'source';
  /** Stable: snapshot files and reports carry it. */
  readonly id: string;
  /** What a person calls it, in the plural where it is a list. */
  readonly title: string;
  /** Raised whenever the projection keeps something else than before; older snapshots then have a gap here. */
  readonly projectionVersion: number;
  readonly read: Read;
  /** The rights that reading takes. */
  readonly permissions: readonly Permission[];
  /** The name of the add-on role that carries the permissions; absent for the base ClusterRole. */
  readonly addOnRole?: 'secrets' | 'configmaps' | 'nodes-proxy' | 'pods-proxy' | 'pods-portforward' | 'node-files';
  /** More than a plain read: left unread unless the person gave this flag. */
  readonly optIn?: OptIn;
  /** Evidence about the whole cluster that stays unread with `-n`. */
  readonly skippedWithNamespace: boolean;
  /** Lists that say where to ask: they are read before this source, wherever it is read. */
  readonly after?: readonly Source[];
  /** Present where one read is one result for each API server replica or node. */
  readonly per?: 'replica' | 'node';
  /** Tells one replica's answer from another's: the same replica always gives the same key. */
  readonly replicaKey?: (value: never) => string;
  /** Carries the type of the evidence; never set. */
  readonly evidence?: T;
}

/** A flag without which a source is not read. */
export interface OptIn {
  /** With its dashes. */
  readonly flag: string;
  /** What is not done without it, as the gap says it. */
  readonly detail: string;
}

/** What was learned from one node or one API server replica. */
export type PerResult<T> =
  | { readonly of: string; readonly value: T }
  | { readonly of: string; readonly gap: Gap };

/** A source that is one GET. `parse` is the projection: only what it returns is kept. */
export function getSource<T>(declared: {
  readonly id: string;
  readonly title: string;
  readonly projectionVersion: number;
  readonly path: string;
  readonly accept?: string;
  readonly alsoOk?: readonly number[];
  readonly permissions: readonly Permission[];
  readonly readWithNamespace?: boolean;
  readonly keeps: string;
  readonly parse: (body: string) => T;
}): Source<T> {
  return {
    type: 'source',
    id: declared.id,
    title: declared.title,
    projectionVersion: declared.projectionVersion,
    read: {
      how: 'get',
      path: declared.path,
      keeps: declared.keeps,
      parse: declared.parse,
      ...(declared.accept === undefined ? {} : { accept: declared.accept }),
      ...(declared.alsoOk === undefined ? {} : { alsoOk: declared.alsoOk }),
    },
    permissions: declared.permissions,
    skippedWithNamespace: declared.readWithNamespace !== true,
  };
}

/**
 * The same GET asked of every API server replica: a result or a gap for each. How many there are is known from the
 * leases they hold in kube-system, so that right is needed too.
 */
export function perReplicaSource<T>(
  declared: Parameters<typeof getSource<T>>[0] & { readonly replicaKey: (value: T) => string },
): Source<readonly PerResult<T>[]> {
  const { evidence: _single, ...source } = getSource(declared);
  return {
    ...source,
    per: 'replica',
    replicaKey: declared.replicaKey,
    permissions: [
      ...declared.permissions,
      { apiGroup: 'coordination.k8s.io', resource: 'leases', verb: 'list', namespace: 'kube-system' },
    ],
  };
}

/** The right that the API server asks for on the way to a kubelet, whatever the path. */
export const nodesProxy: Permission = { apiGroup: '', resource: 'nodes/proxy', verb: 'get' };

/**
 * The same GET asked of every node's kubelet: a result or a gap for each node of the list of nodes, in its order. The
 * answers come through the API server, so its right is needed, and that to list nodes.
 */
export function perNodeSource<T>(declared: {
  readonly id: string;
  readonly title: string;
  readonly projectionVersion: number;
  readonly path: string;
  readonly accept?: string;
  readonly againOf?: number;
  readonly keeps: AnyFieldTree | string;
  readonly parse: (first: NodeAnswer, second?: NodeAnswer) => T;
}): Source<readonly PerResult<T>[]> {
  return {
    type: 'source',
    id: declared.id,
    title: declared.title,
    projectionVersion: declared.projectionVersion,
    read: {
      how: 'node',
      path: declared.path,
      keeps: declared.keeps,
      parse: declared.parse,
      ...(declared.accept === undefined ? {} : { accept: declared.accept }),
      ...(declared.againOf === undefined ? {} : { againOf: declared.againOf }),
    },
    per: 'node',
    permissions: [nodesProxy, { apiGroup: '', resource: 'nodes', verb: 'list' }],
    addOnRole: 'nodes-proxy',
    skippedWithNamespace: true,
  };
}

/**
 * A source that asks the API server about the caller: a review that is created, answered and never stored. Every
 * authenticated user may ask by default (system:basic-user).
 */
export function selfReviewSource<T>(declared: {
  readonly id: string;
  readonly title: string;
  readonly projectionVersion: number;
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
  readonly spec?: object;
  readonly readWithNamespace?: boolean;
  readonly keeps: string;
  readonly parse: (body: string) => T;
}): Source<T> {
  const { apiVersion, kind, resource, spec, keeps, parse } = declared;
  return {
    type: 'source',
    id: declared.id,
    title: declared.title,
    projectionVersion: declared.projectionVersion,
    read: { how: 'selfReview', apiVersion, kind, resource, keeps, parse, ...(spec === undefined ? {} : { spec }) },
    permissions: [{ apiGroup: apiGroupOf(apiVersion), resource, verb: 'create' }],
    skippedWithNamespace: declared.readWithNamespace !== true,
  };
}

/** A reference to an item of a list source. */
export function refOf(
  source: { readonly read: { readonly apiVersion: string; readonly kind: string } },
  item: { readonly metadata: { readonly name: string; readonly namespace?: string } },
): ResourceRef {
  const { apiVersion, kind } = source.read;
  const { name, namespace } = item.metadata;
  return namespace === undefined ? { apiVersion, kind, name } : { apiVersion, kind, namespace, name };
}
