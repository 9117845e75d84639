import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** An API object as JSON. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** A whole collection, over all namespaces. */
export interface ApiList {
  readonly apiVersion: string;
  /** The list's own kind: `PodList`. */
  readonly kind: string;
  readonly items: readonly ApiObject[];
}

/** What an API server has to tell. */
export interface ApiData {
  /** By the path of the collection: `/api/v1/pods`, `/apis/apps/v1/deployments`. */
  readonly lists: ReadonlyMap<string, ApiList>;
  /** By path, everything that is no list: `/version`, `/metrics`, `/readyz`, `/apis`. */
  readonly texts: ReadonlyMap<string, string>;
  /** By path, what the server could not answer, as it said so. */
  readonly failures?: ReadonlyMap<string, { readonly status: number; readonly body: string }>;
}

/**
 * Reads recorded answers. Each file stands at the path it answers, so a recording is made with
 * `kubectl get --raw /api/v1/pods > api/v1/pods.json` and `kubectl get --raw /metrics > metrics.txt`. `failures.json` holds by path what was answered with an error.
 */
export async function readRecordedApi(directory: string): Promise<ApiData> {
  const lists = new Map<string, ApiList>();
  const texts = new Map<string, string>();
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const file of files.filter(entry => entry.isFile() && /\.(json|txt)$/.test(entry.name))) {
    const full = join(file.parentPath, file.name);
    const path = `/${relative(directory, full).split(sep).join('/').replace(/\.(json|txt)$/, '')}`;
    const text = await readFile(full, 'utf8');
    const list = file.name.endsWith('.json') ? listOf(text) : undefined;
    if (list === undefined) texts.set(path, text);
    else lists.set(path, list);
  }
  const failures = texts.get('/failures');
  texts.delete('/failures');
  return { lists, texts, ...(failures === undefined ? {} : { failures: new Map(Object.entries(JSON.parse(failures) as Record<string, { status: number; body: string }>)) }) };
}

/** Discovery answers are JSON with a kind too, yet have no items. */
function listOf(text: string): ApiList | undefined {
  const parsed = JSON.parse(text) as Partial<ApiList>;
  return Array.isArray(parsed.items) && parsed.kind !== undefined && parsed.apiVersion !== undefined
    ? { apiVersion: parsed.apiVersion, kind: parsed.kind, items: parsed.items }
    : undefined;
}

/** What a path means to the API server. */
export interface ResourcePath {
  /** The path of the collection over all namespaces. */
  readonly collection: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** Reads `/api/v1/namespaces/shop/pods/web-0/log` and its like; undefined for what is no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const [, root, group = '', rest = ''] = /^(\/api\/v1|\/apis\/([^/]+)\/[^/]+)\/(.+)$/.exec(path) ?? [];
  if (root === undefined) return undefined;
  const parts = rest.split('/').map(decodeURIComponent);
  const isInNamespace = parts[0] === 'namespaces' && parts.length > 2;
  const namespace = isInNamespace ? parts[1] : undefined;
  const [resource = '', name, ...sub] = isInNamespace ? parts.slice(2) : parts;
  return {
    collection: `${root}/${resource}`,
    group,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    // What follows a proxy is the other server's path and no part of the question.
    ...(sub[0] === undefined ? {} : { subresource: sub[0] }),
  };
}

/** Label selectors as `app=web,tier!=db,critical,!old`. */
export function matchesLabels(item: ApiObject, selector: string): boolean {
  const labels = item.metadata.labels ?? {};
  return selector.split(',').filter(part => part !== '').every(part => {
    const [, key = '', operator, value = ''] = /^([^=!]+)(!=|==?)(.*)$/.exec(part) ?? [];
    if (operator === undefined) return part.startsWith('!') ? !Object.hasOwn(labels, part.slice(1)) : Object.hasOwn(labels, part);
    return operator === '!=' ? labels[key] !== value : labels[key] === value;
  });
}

/** Field selectors as `type=kubernetes.io/tls,metadata.name!=x`. */
export function matchesFields(item: ApiObject, selector: string): boolean {
  return selector.split(',').filter(part => part !== '').every(part => {
    const [, path = '', operator, value = ''] = /^([^=!]+)(!=|==?)(.*)$/.exec(part) ?? [];
    const found = path.split('.').reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined), item);
    const text = typeof found === 'string' ? found : '';
    return operator === '!=' ? text !== value : text === value;
  });
}
