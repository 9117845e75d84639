import { matchesFields, matchesLabels, type ApiData, type ApiList, type ApiObject, type ResourcePath } from './api-data.ts';

/** What goes out: a status, a body and what describes it. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** One attempt to do something, in RBAC's words: a resource, or a path that is none. */
export interface Access {
  readonly user: User;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Set for what is no resource; resource and group are then empty. */
  readonly path?: string;
}

export function json(status: number, body: object): Reply {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}

/** What Go's net/http and the API server's filters write where there is no Status. */
export function plain(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body, headers };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  406: 'NotAcceptable',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

export function status(code: number, message: string, more: { readonly metadata?: object; readonly details?: object } = {}): Reply {
  return json(code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: more.metadata ?? {},
    status: 'Failure',
    message,
    reason: REASONS[code] ?? '',
    ...(more.details === undefined ? {} : { details: more.details }),
    code,
  });
}

export function unauthorized(): Reply {
  return status(401, 'Unauthorized');
}

/** The API server's own wording, from apiserver/pkg/endpoints/handlers/responsewriters. */
export function forbidden(access: Access): Reply {
  const { user, verb, group, resource, subresource, namespace, name, path } = access;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (path !== undefined) return status(403, `forbidden: ${who} path ${JSON.stringify(path)}`, { details: {} });
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  return status(
    403,
    `${qualified}${name === undefined ? '' : ` ${JSON.stringify(name)}`} is forbidden: ${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${scope}`,
    { details: { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource } },
  );
}

export function tooManyRequests(retryAfterSeconds: number): Reply {
  return plain(429, 'Too many requests, please try again later.\n', { 'Retry-After': String(retryAfterSeconds) });
}

/** The revision moved on: the token is worth nothing, another one inside the answer leads on without consistency. */
export function expiredContinue(token: string): Reply {
  return status(
    410,
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
    { metadata: { continue: token } },
  );
}

/** One page of a list, or the one object that the path names, as the query and the Accept header ask for it. */
export function resourceReply(data: ApiData, at: ResourcePath, query: URLSearchParams, accept: string): Reply {
  const list = data.lists.get(at.collection);
  if (list === undefined || at.subresource !== undefined) {
    const groupVersion = at.collection.slice(0, at.collection.lastIndexOf('/') + 1);
    const isServed = at.group === '' || [...data.lists.keys()].some(path => path.startsWith(groupVersion));
    return isServed ? status(404, 'the server could not find the requested resource', { details: {} }) : plain(404, '404 page not found\n');
  }
  const isMetadataOnly = accept.includes('as=PartialObjectMetadata');
  if (accept !== '' && !/json|\*/.test(accept)) return status(406, 'only the following media types are accepted: application/json');
  const scoped = list.items.filter(item => at.namespace === undefined || item.metadata.namespace === at.namespace);
  if (at.name === undefined) return pageReply(list, scoped, query, isMetadataOnly);
  const found = scoped.find(item => item.metadata.name === at.name);
  if (found === undefined) {
    const qualified = at.group === '' ? at.resource : `${at.resource}.${at.group}`;
    return status(404, `${qualified} ${JSON.stringify(at.name)} not found`, { details: { name: at.name, ...(at.group === '' ? {} : { group: at.group }), kind: at.resource } });
  }
  const typed = { apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, ''), ...found };
  return json(200, isMetadataOnly ? metadataOf(found) : typed);
}

function pageReply(list: ApiList, scoped: readonly ApiObject[], query: URLSearchParams, isMetadataOnly: boolean): Reply {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const items = scoped.filter(item => matchesLabels(item, labels) && matchesFields(item, fields));
  const start = startOf(query.get('continue') ?? '');
  if (start === undefined) return status(400, 'continue key is not valid: the token cannot be read');
  const limit = Number(query.get('limit') ?? '0');
  const end = limit > 0 ? Math.min(start + limit, items.length) : items.length;
  const page = items.slice(start, end);
  const metadata = {
    resourceVersion: '1000',
    ...(end < items.length ? { continue: continueToken(end) } : {}),
    // With a selector the server does not know what is left.
    ...(end < items.length && labels === '' && fields === '' ? { remainingItemCount: items.length - end } : {}),
  };
  return isMetadataOnly
    ? json(200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: page.map(metadataOf) })
    : json(200, { kind: list.kind, apiVersion: list.apiVersion, metadata, items: page });
}

function metadataOf(item: ApiObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: item.metadata };
}

/** Opaque to a client, as the real one: whoever parses it is wrong. */
export function continueToken(start: number): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1000, start })).toString('base64url');
}

function startOf(token: string): number | undefined {
  if (token === '') return 0;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  const [, start] = /^\{"v":"meta\.k8s\.io\/v1","rv":1000,"start":(\d+)\}$/.exec(text) ?? [];
  return start === undefined ? undefined : Number(start);
}
