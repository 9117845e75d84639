/** Asks the API server for names, labels and annotations; RBAC makes no difference between them and the whole object. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
