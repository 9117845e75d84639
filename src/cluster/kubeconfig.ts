import { resolve } from 'node:path';
import { Problem } from '../problem.ts';
import type { ConnectionFlags } from './api-client.ts';
import { findInCluster, SERVICE_ACCOUNT_DIRECTORY } from './in-cluster.ts';
import { loadKubeconfig, type ExecEntry, type From, type Kubeconfig, type Pem, type ClusterEntry, type ContextEntry, type UserEntry } from './kubeconfig-file.ts';
import { parseServer } from './server-url.ts';

/** What is needed to open a connection and to prove who one is: kubeconfig and flags, resolved as kubectl does. */
export interface Target {
  /** `https://host:port/prefix` without user information and without a slash at the end. */
  readonly server: string;
  readonly context?: string;
  /** The names in the kubeconfig, for messages. */
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace: string;
  /** Where the user comes from: a file, or a few words where there is none. */
  readonly origin: string;
  /** The contexts that could have been named. */
  readonly contexts: readonly string[];
  readonly tls: TlsSettings;
  readonly auth: AuthSettings;
  readonly impersonation?: Impersonation;
  readonly proxyUrl?: string;
  readonly disableCompression: boolean;
  /** What an exec plugin with `provideClusterInfo` is told beyond the settings above. */
  readonly execConfig: unknown;
}

export interface TlsSettings {
  /** The only authority to trust; absent means those of the system. */
  readonly ca?: Pem;
  readonly insecure: boolean;
  readonly serverName?: string;
}

/** How to authenticate. More than one may be set; which is used follows client-go. */
export interface AuthSettings {
  readonly token?: string;
  /** The token was typed, so that the user of the kubeconfig is not to blame for it. */
  readonly isTokenFlag?: boolean;
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly certificate?: { readonly certificate: Pem; readonly key: Pem };
  readonly exec?: ExecEntry;
  readonly authProvider?: { readonly name: string; readonly config: ReadonlyMap<string, string> };
}

export interface Impersonation {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/**
 * Finds the cluster that kubectl would talk to with these flags. Opens no socket and reads no certificate.
 * @throws {Problem} no configuration, a name that does not exist, settings that contradict each other
 */
export async function resolveTarget(
  given: ConnectionFlags,
  env: NodeJS.ProcessEnv = process.env,
  serviceAccountDirectory: string = SERVICE_ACCOUNT_DIRECTORY,
): Promise<Target> {
  // As in kubectl, `--context ""` is no context rather than the context without a name.
  const flags: ConnectionFlags = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '' && value !== undefined));
  const config = await loadKubeconfig(flags.kubeconfig, env);
  const contextName = flags.context ?? config.currentContext;
  const context = findContext(config, contextName, flags);
  const clusterName = flags.cluster ?? context?.cluster ?? '';
  const cluster = findCluster(config, clusterName, contextName, flags);
  const server = flags.server ?? cluster?.server ?? '';
  if (server === '') {
    if (cluster !== undefined) throw new Problem(`cluster ${quoted(clusterName)} of ${cluster.from} has no server; add one or give --server`);
    return inClusterTarget(config, flags, env, serviceAccountDirectory);
  }
  const userName = flags.user ?? context?.user ?? '';
  const user = findUser(config, userName, contextName, flags);
  const origin = user?.from ?? cluster?.from ?? 'the command line';
  const place = `user ${quoted(userName)} of ${origin}`;
  const { address, userInfo } = parseServer(server, flags.server === undefined ? `cluster ${quoted(clusterName)} of ${cluster?.from ?? ''}` : '--server');
  const auth = authSettings(user, flags, place);
  const impersonation = impersonationOf(user, flags, place);
  return {
    server: address,
    ...(contextName === '' ? {} : { context: contextName }),
    ...(clusterName === '' ? {} : { cluster: clusterName }),
    ...(userName === '' ? {} : { user: userName }),
    namespace: context === undefined || context.namespace === '' ? 'default' : context.namespace,
    origin,
    contexts: [...config.contexts.keys()],
    tls: tlsSettings(cluster, flags, clusterName),
    auth: userInfo === undefined ? auth : withUserInfo(auth, userInfo),
    ...(impersonation === undefined ? {} : { impersonation }),
    ...(cluster === undefined || cluster.proxyUrl === '' ? {} : { proxyUrl: cluster.proxyUrl }),
    disableCompression: flags.disableCompression ?? cluster?.disableCompression ?? false,
    execConfig: cluster?.execConfig,
  };
}

function findContext(config: Kubeconfig, name: string, flags: ConnectionFlags): From<ContextEntry> | undefined {
  const context = config.contexts.get(name);
  if (context !== undefined || name === '') return context;
  const where = flags.context === undefined ? `the current context ${quoted(name)}` : `context ${quoted(name)}`;
  throw new Problem(`${where} does not exist in ${filesOf(config)}; check --context; the kubeconfig has: ${listed(config.contexts.keys())}`);
}

function findCluster(config: Kubeconfig, name: string, contextName: string, flags: ConnectionFlags): From<ClusterEntry> | undefined {
  const cluster = config.clusters.get(name);
  // With --server the cluster's name is not needed, unless it was asked for.
  if (cluster !== undefined || name === '' || (flags.cluster === undefined && flags.server !== undefined)) return cluster;
  const namedBy = flags.cluster === undefined ? `, which context ${quoted(contextName)} names,` : '';
  throw new Problem(`cluster ${quoted(name)}${namedBy} does not exist in ${filesOf(config)}; check --cluster; the kubeconfig has: ${listed(config.clusters.keys())}`);
}

function findUser(config: Kubeconfig, name: string, contextName: string, flags: ConnectionFlags): From<UserEntry> | undefined {
  const user = config.users.get(name);
  if (user !== undefined || name === '') return user;
  const namedBy = flags.user === undefined ? `, which context ${quoted(contextName)} names,` : '';
  // kubectl asks for a user name here; an audit must not go on as somebody else.
  throw new Problem(`user ${quoted(name)}${namedBy} does not exist in ${filesOf(config)}; check --user; the kubeconfig has: ${listed(config.users.keys())}`);
}

function tlsSettings(cluster: ClusterEntry | undefined, flags: ConnectionFlags, clusterName: string): TlsSettings {
  // A flag about trust replaces everything the file says about trust; --server alone also drops the file's server name.
  const isTrustByFlag = flags.insecureSkipTlsVerify === true || flags.certificateAuthority !== undefined;
  const insecure = isTrustByFlag ? flags.insecureSkipTlsVerify === true : (flags.insecureSkipTlsVerify ?? cluster?.insecureSkipTlsVerify ?? false);
  const caFile = isTrustByFlag ? (flags.certificateAuthority ?? '') : (cluster?.caFile ?? '');
  const caData = isTrustByFlag ? undefined : cluster?.caData;
  const ca = pemOf(caData, caFile === '' ? '' : resolve(caFile), 'certificate-authority', `cluster ${quoted(clusterName)}`);
  if (insecure && ca !== undefined) {
    throw new Problem(`cluster ${quoted(clusterName)} names a certificate authority and turns verification off (insecure-skip-tls-verify); keep one of the two`);
  }
  const serverName = flags.tlsServerName ?? (flags.server === undefined ? (cluster?.tlsServerName ?? '') : '');
  return { insecure, ...(ca === undefined ? {} : { ca }), ...(serverName === '' ? {} : { serverName }) };
}

function authSettings(user: UserEntry | undefined, flags: ConnectionFlags, place: string): AuthSettings {
  // kubectl goes on reading the file's tokenFile when --token is given; who types a token means that token.
  const token = flags.token ?? user?.token ?? '';
  const tokenFile = flags.token === undefined ? (user?.tokenFile ?? '') : '';
  const username = flags.username ?? user?.username ?? '';
  const password = flags.password ?? user?.password ?? '';
  const hasBasic = username !== '' || password !== '';
  if (token !== '' && hasBasic) throw new Problem(`${place} has a token and a password; only one way to authenticate is allowed, remove the other`);

  const certificate = flags.clientCertificate === undefined
    ? pemOf(user?.certificateData, user?.certificateFile ?? '', 'client-certificate', place)
    : { file: resolve(flags.clientCertificate) };
  const key = flags.clientKey === undefined
    ? pemOf(user?.keyData, user?.keyFile ?? '', 'client-key', place)
    : { file: resolve(flags.clientKey) };
  if (certificate !== undefined && key === undefined) {
    throw new Problem(`${place} has a client certificate without its key; add client-key or client-key-data, or give --client-key`);
  }
  const { exec, authProvider } = user ?? {};
  if (exec !== undefined) checkExec(exec, authProvider !== undefined, place);
  return {
    ...(token === '' ? {} : { token }),
    ...(flags.token === undefined ? {} : { isTokenFlag: true }),
    ...(tokenFile === '' ? {} : { tokenFile }),
    ...(hasBasic ? { basic: { username, password } } : {}),
    ...(certificate === undefined || key === undefined ? {} : { certificate: { certificate, key } }),
    ...(exec === undefined ? {} : { exec }),
    ...(authProvider === undefined ? {} : { authProvider }),
  };
}

/** Go's client takes a name and password in the URL before any token or plugin; a certificate goes along. */
function withUserInfo({ certificate }: AuthSettings, basic: NonNullable<AuthSettings['basic']>): AuthSettings {
  return { basic, ...(certificate === undefined ? {} : { certificate }) };
}

function checkExec(exec: ExecEntry, hasAuthProvider: boolean, place: string): void {
  const wrong = (what: string): Problem => new Problem(`the exec plugin of ${place} ${what}; correct the kubeconfig`);
  if (hasAuthProvider) throw wrong('stands beside an auth-provider, and only one of the two is allowed');
  if (exec.command === '') throw wrong('names no command');
  if (exec.apiVersion === '') throw wrong('names no apiVersion');
  if (exec.env.some(({ name }) => name === '')) throw wrong('sets an environment variable without a name');
  if (!['Never', 'IfAvailable', 'Always'].includes(exec.interactiveMode)) throw wrong('needs interactiveMode Never, IfAvailable or Always');
}

/** A PEM given inline or as a file, never both: kubectl refuses that too. */
function pemOf(data: string | undefined, file: string, field: string, place: string): Pem | undefined {
  if (data !== undefined && file !== '') throw new Problem(`${place} has both ${field} and ${field}-data; remove one of the two`);
  if (data !== undefined) return { data };
  return file === '' ? undefined : { file };
}

/** A flag replaces the file's value of the same name only: `--as bob` keeps the file's groups, and extra is replaced key by key, as in kubectl. */
function impersonationOf(user: UserEntry | undefined, flags: ConnectionFlags, place: string): Impersonation | undefined {
  const impersonation: Impersonation = {
    user: flags.as ?? user?.as ?? '',
    uid: flags.asUid ?? user?.asUid ?? '',
    groups: flags.asGroups === undefined || flags.asGroups.length === 0 ? (user?.asGroups ?? []) : flags.asGroups,
    extra: new Map([...(user?.asUserExtra ?? []), ...(flags.asUserExtra ?? [])]),
  };
  if (impersonation.user !== '') return impersonation;
  if (impersonation.uid !== '' || impersonation.groups.length > 0 || impersonation.extra.size > 0) {
    throw new Problem(`${user === undefined ? 'the command line' : place} impersonates a uid, groups or extra without a user; add --as`);
  }
  return undefined;
}

/** Nothing names a server: inside a pod its own API server is meant, elsewhere nothing can be done. */
async function inClusterTarget(config: Kubeconfig, flags: ConnectionFlags, env: NodeJS.ProcessEnv, directory: string): Promise<Target> {
  const found = await findInCluster(env, directory);
  if (found === undefined) throw nothingConfigured(config);
  const caFile = flags.certificateAuthority ?? found.caFile;
  const impersonation = impersonationOf(undefined, flags, '');
  return {
    server: found.server,
    namespace: found.namespace,
    origin: directory,
    contexts: [],
    tls: {
      insecure: flags.insecureSkipTlsVerify === true,
      ...(caFile === undefined || flags.insecureSkipTlsVerify === true ? {} : { ca: { file: resolve(caFile) } }),
      ...(flags.tlsServerName === undefined ? {} : { serverName: flags.tlsServerName }),
    },
    auth: flags.token === undefined ? { tokenFile: found.tokenFile } : { token: flags.token, isTokenFlag: true },
    ...(impersonation === undefined ? {} : { impersonation }),
    disableCompression: flags.disableCompression ?? false,
    execConfig: undefined,
  };
}

function nothingConfigured(config: Kubeconfig): Problem {
  if (config.contexts.size > 0) {
    return new Problem(`${filesOf(config)} sets no current context; choose one with --context; the kubeconfig has: ${listed(config.contexts.keys())}`);
  }
  if (config.files.length > 0) return new Problem(`${filesOf(config)} names no cluster; name another file with --kubeconfig, or give --server`);
  return new Problem(`no kubeconfig found (looked for ${config.missing.join(', ')}); name one with --kubeconfig or KUBECONFIG, or give --server`);
}

function filesOf(config: Kubeconfig): string {
  return config.files.length === 0 ? `any kubeconfig (looked for ${config.missing.join(', ')})` : config.files.join(', ');
}

/** The names that exist, at most ten. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return 'none';
  return all.length <= 10 ? all.join(', ') : `${all.slice(0, 10).join(', ')} and ${all.length - 10} more`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
