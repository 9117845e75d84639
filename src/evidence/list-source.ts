import type { FieldTree, Projected } from './fields.ts';
import { apiGroupOf } from './resource-ref.ts';
import type { OptIn, Read, Source } from './source.ts';

/** What a list item always has once it has been read: a name, whatever the generated model says. */
type Listed<T> = Omit<T, 'metadata'> & { metadata: ListedMeta };

export interface ListedMeta {
  name: string;
  namespace?: string;
  uid?: string;
  creationTimestamp?: string;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences?: { apiVersion: string; kind: string; name: string; controller?: boolean }[];
}

/** Name, namespace, uid and age: what nearly every list source keeps of the metadata. */
export const identity = { name: true, namespace: true, uid: true, creationTimestamp: true } as const;

/**
 * A source that is one paged list of one kind. Call it twice, `listSource<V1Role>()({...})`, so that the model type is
 * given and the field tree inferred.
 */
export function listSource<T>() {
  return <const F extends FieldTree<Listed<T>> & { readonly metadata: FieldTree<ListedMeta> }>(declared: {
    readonly id: string;
    readonly title: string;
    readonly apiVersion: string;
    readonly kind: string;
    readonly resource: string;
    readonly namespaced: boolean;
    readonly projectionVersion: number;
    readonly fields: F;
    readonly namespace?: string;
    readonly labelSelector?: string;
    readonly fieldSelector?: string;
    readonly pageSize?: number;
    readonly metadataOnly?: true;
    readonly optional?: true;
    readonly otherVersions?: readonly string[];
    readonly onlyWithGroup?: string;
    readonly wiped?: true;
    readonly addOnRole?: NonNullable<Source['addOnRole']>;
    readonly optIn?: OptIn;
    /** Read it also with `-n`, because namespaced objects refer to it. */
    readonly readWithNamespace?: boolean;
  }): Source<readonly Projected<Listed<T>, F>[]> & { readonly read: Extract<Read, { how: 'list' }> } => ({
    type: 'source',
    id: declared.id,
    title: declared.title,
    projectionVersion: declared.projectionVersion,
    read: {
      how: 'list',
      apiVersion: declared.apiVersion,
      kind: declared.kind,
      resource: declared.resource,
      namespaced: declared.namespaced,
      fields: declared.fields,
      ...(declared.namespace === undefined ? {} : { namespace: declared.namespace }),
      ...(declared.labelSelector === undefined ? {} : { labelSelector: declared.labelSelector }),
      ...(declared.fieldSelector === undefined ? {} : { fieldSelector: declared.fieldSelector }),
      ...(declared.pageSize === undefined ? {} : { pageSize: declared.pageSize }),
      ...(declared.metadataOnly === undefined ? {} : { metadataOnly: declared.metadataOnly }),
      ...(declared.optional === undefined ? {} : { optional: declared.optional }),
      ...(declared.onlyWithGroup === undefined ? {} : { onlyWithGroup: declared.onlyWithGroup }),
      ...(declared.otherVersions === undefined ? {} : { otherVersions: declared.otherVersions }),
      ...(declared.wiped === undefined ? {} : { wiped: declared.wiped }),
    },
    ...(declared.addOnRole === undefined ? {} : { addOnRole: declared.addOnRole }),
    ...(declared.optIn === undefined ? {} : { optIn: declared.optIn }),
    permissions: [
      {
        apiGroup: apiGroupOf(declared.apiVersion),
        resource: declared.resource,
        verb: 'list',
        ...nameIn(declared.fieldSelector),
        ...(declared.namespace === undefined ? {} : { namespace: declared.namespace }),
      },
    ],
    skippedWithNamespace: declared.readWithNamespace !== true && (!declared.namespaced || declared.namespace !== undefined),
  });
}

/**
 * The API server takes a list by exactly one name for a request for that name (apiserver pkg/endpoints/request/requestinfo.go),
 * so that a rule with resourceNames allows it.
 */
function nameIn(fieldSelector: string | undefined): { readonly resourceName?: string } {
  const [, resourceName] = /^metadata\.name=([^,]+)$/.exec(fieldSelector ?? '') ?? [];
  return resourceName === undefined ? {} : { resourceName };
}
