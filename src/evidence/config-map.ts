import { getSource, type Source } from './source.ts';

/** A ConfigMap that a cluster may or may not have. */
export type Optional<T> = { readonly exists: false } | ({ readonly exists: true } & T);

/**
 * A source that is one ConfigMap by its name, of which only what `parse` returns stays: a ConfigMap may hold anything. Not
 * being there is an answer too.
 */
export function configMapSource<T extends object>(declared: {
  readonly id: string;
  readonly title: string;
  readonly namespace: string;
  readonly name: string;
  /** What is kept, for the page that says so. */
  readonly keeps: string;
  /** Gets the texts of `data`; throws where they are not what the name promises. */
  readonly parse: (data: Readonly<Record<string, string | undefined>>) => T;
}): Source<Optional<T>> {
  const { id, title, namespace, name, keeps } = declared;
  return getSource<Optional<T>>({
    id,
    title,
    projectionVersion: 1,
    path: `/api/v1/namespaces/${namespace}/configmaps/${name}`,
    alsoOk: [404],
    keeps,
    permissions: [{ apiGroup: '', resource: 'configmaps', verb: 'get', resourceName: name, namespace }],
    parse(body) {
      const answer = JSON.parse(body) as { readonly kind?: unknown; readonly reason?: unknown; readonly data?: unknown };
      if (answer.kind === 'Status' && answer.reason === 'NotFound') return { exists: false };
      if (answer.kind !== 'ConfigMap') throw new Error('the answer is no ConfigMap');
      return { exists: true, ...declared.parse(textsIn(answer.data)) };
    },
  });
}

function textsIn(data: unknown): Readonly<Record<string, string | undefined>> {
  if (typeof data !== 'object' || data === null) return {};
  return Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
