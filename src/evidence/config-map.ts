import { getSource, type Source } from './source.ts';

/** What a source keeps of one ConfigMap; `absent` where the API server says that there is none of that name. */
export type ConfigMapEvidence<T> = { readonly kept: T } | { readonly absent: true };

/**
 * A source that is one ConfigMap by its name. Only what `keep` returns stays: a ConfigMap may hold anything.
 *
 * @param declared.keep gets the keys and values of `data`; throws where they are not what the name promises
 */
export function configMapSource<T>(declared: {
  readonly id: string;
  readonly title: string;
  readonly projectionVersion: number;
  readonly namespace: string;
  readonly name: string;
  /** For the page of what is read. */
  readonly keeps: string;
  readonly keep: (data: Readonly<Record<string, string>>) => T;
}): Source<ConfigMapEvidence<T>> {
  const { id, title, projectionVersion, namespace, name, keeps, keep } = declared;
  return getSource({
    id,
    title,
    projectionVersion,
    path: `/api/v1/namespaces/${namespace}/configmaps/${name}`,
    accept: 'application/json',
    alsoOk: [404],
    keeps,
    permissions: [{ apiGroup: '', resource: 'configmaps', verb: 'get', resourceName: name, namespace }],
    parse(body): ConfigMapEvidence<T> {
      const answer: unknown = JSON.parse(body);
      if (!isRecord(answer)) throw new Error('no object');
      if (answer.kind === 'Status' && answer.reason === 'NotFound') return { absent: true };
      if (answer.kind !== 'ConfigMap') throw new Error('no ConfigMap');
      const data = isRecord(answer.data) ? answer.data : {};
      return { kept: keep(Object.fromEntries(Object.entries(data).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])))) };
    },
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
