import { getSource, selfReviewSource } from '../source.ts';

/** `GET /version`: what one API server says of itself. Behind a balancer another replica may say otherwise. */
export interface ServerVersion {
  readonly gitVersion: string;
  readonly major: string;
  readonly minor: string;
  readonly platform?: string;
  readonly goVersion?: string;
  /** From 1.33: the version whose API behaviour it emulates; fixes follow the binary. */
  readonly emulationMajor?: string;
  readonly emulationMinor?: string;
}

/** Who the API server takes the caller for. */
export interface Caller {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  /** Names the credential without being one: `X509SHA256=...`, `JTI=...`. */
  readonly credentialId?: string;
}

export const serverVersion = getSource<ServerVersion>({
  id: 'serverversion',
  title: 'server version',
  projectionVersion: 1,
  path: '/version',
  permissions: [{ nonResourceURL: '/version', verb: 'get' }],
  readWithNamespace: true,
  keeps: 'the version, its emulated version, the platform and the version of Go',
  parse(body) {
    const version = objectIn(body);
    const { gitVersion } = version;
    if (typeof gitVersion !== 'string') throw new Error('/version holds no gitVersion');
    return {
      gitVersion,
      major: stringOr(version.major, ''),
      minor: stringOr(version.minor, ''),
      ...strings(version, ['platform', 'goVersion', 'emulationMajor', 'emulationMinor']),
    };
  },
});

/** The names of the API groups that are served, aggregated and custom ones too, sorted; the core group has none. */
export const apiGroups = getSource<readonly string[]>({
  id: 'apigroups',
  title: 'API groups',
  projectionVersion: 1,
  path: '/apis',
  // Without it a recent server may answer the aggregated document, which has another shape.
  accept: 'application/json',
  permissions: [{ nonResourceURL: '/apis', verb: 'get' }],
  keeps: 'the names of the groups',
  parse(body) {
    const { groups } = objectIn(body);
    if (!Array.isArray(groups)) throw new Error('/apis holds no list of groups');
    return groups.map(group => requiredString(group, 'name')).sort();
  },
});

/** The namespace whose uid stands for the cluster: it is made with the cluster and cannot be deleted. */
export const kubeSystemNamespace = getSource<{ readonly uid: string }>({
  id: 'kubesystemnamespace',
  title: 'kube-system namespace',
  projectionVersion: 1,
  path: '/api/v1/namespaces/kube-system',
  permissions: [{ apiGroup: '', resource: 'namespaces', verb: 'get', resourceName: 'kube-system' }],
  readWithNamespace: true,
  keeps: 'the uid',
  parse: body => ({ uid: requiredString(objectIn(body).metadata, 'uid') }),
});

/** Asks the API server whom it takes us for (v1 since 1.28). */
export const whoAmI = selfReviewSource<Caller>({
  id: 'whoami',
  title: 'caller identity',
  projectionVersion: 1,
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  readWithNamespace: true,
  keeps: 'the user name, groups, uid and the id of the credential, which is a hash or a serial number',
  parse(body) {
    const { userInfo } = object(objectIn(body).status);
    const user = object(userInfo);
    const extra = isObject(user.extra) ? user.extra : {};
    const [credentialId] = listOfStrings(extra['authentication.kubernetes.io/credential-id']);
    return {
      username: requiredString(user, 'username'),
      groups: listOfStrings(user.groups),
      ...strings(user, ['uid']),
      ...(credentialId === undefined ? {} : { credentialId }),
    };
  },
});

/** @throws if the text is no JSON object */
function objectIn(text: string): Record<string, unknown> {
  return object(JSON.parse(text));
}

function object(value: unknown): Record<string, unknown> {
  if (!isObject(value)) throw new Error('an object is missing');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requiredString(value: unknown, name: string): string {
  const found = object(value)[name];
  if (typeof found !== 'string' || found === '') throw new Error(`${name} is missing`);
  return found;
}

function stringOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function listOfStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

/** Those of the named fields that are strings with something in them. */
function strings<const K extends string>(value: Record<string, unknown>, names: readonly K[]): { readonly [name in K]?: string } {
  const found: { [name in K]?: string } = {};
  for (const name of names) {
    const field = value[name];
    if (typeof field === 'string' && field !== '') found[name] = field;
  }
  return found;
}
