import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Problem } from '../problem.ts';
import { fieldsOf, type Fields } from './kubeconfig-fields.ts';
import { isPath, listedFiles, ownKubeconfigs, pathFrom } from './kubeconfig-paths.ts';

/** A PEM text that a kubeconfig carries, or the absolute path of the file that holds it. */
export type Pem = { readonly data: string } | { readonly file: string };

export interface ContextEntry {
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
}

export interface ClusterEntry {
  readonly server: string;
  readonly tlsServerName: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly caData: string | undefined;
  /** Absolute, as every path here: resolved against the directory of the file that names it. */
  readonly caFile: string;
  readonly proxyUrl: string;
  readonly disableCompression: boolean;
  /** The extension that is handed to exec plugins, as it stands in the file. */
  readonly execConfig: unknown;
}

export interface ExecEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  readonly installHint: string;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: string;
}

export interface UserEntry {
  readonly token: string;
  readonly tokenFile: string;
  readonly username: string;
  readonly password: string;
  readonly certificateData: string | undefined;
  readonly certificateFile: string;
  readonly keyData: string | undefined;
  readonly keyFile: string;
  readonly as: string;
  readonly asUid: string;
  readonly asGroups: readonly string[];
  readonly asUserExtra: ReadonlyMap<string, readonly string[]>;
  readonly exec: ExecEntry | undefined;
  readonly authProvider: { readonly name: string; readonly config: ReadonlyMap<string, string> } | undefined;
}

/** An entry and the file it came from. */
export type From<T> = T & { readonly from: string };

/** One kubeconfig, or several merged into one; empty names and values read as absent, as in client-go. */
export interface Kubeconfig {
  /** The files it was read from, in order of precedence. */
  readonly files: readonly string[];
  /** Files that were named and are not there. */
  readonly missing: readonly string[];
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, From<ContextEntry>>;
  readonly clusters: ReadonlyMap<string, From<ClusterEntry>>;
  readonly users: ReadonlyMap<string, From<UserEntry>>;
}

/**
 * Reads what kubectl would read: `--kubeconfig`, else the list in `KUBECONFIG`, else `~/.kube/config`. Files of a list
 * that are missing are passed over; the first file that has a name, or a current context, decides it.
 * @throws {Problem} an explicit file that is missing, a file that cannot be read or is no kubeconfig
 */
export async function loadKubeconfig(explicit: string | undefined, env: NodeJS.ProcessEnv): Promise<Kubeconfig> {
  const listed = isGiven(explicit) ? [explicit] : isGiven(env.KUBECONFIG) ? listedFiles(env.KUBECONFIG, process.platform) : [ownKubeconfig(env)];
  const loaded: Kubeconfig[] = [];
  const missing: string[] = [];
  for (const listedFile of new Set(listed.filter(name => name !== ''))) {
    const file = resolve(listedFile);
    const text = await textOf(file);
    if (text !== undefined) loaded.push(await parseKubeconfig(text, file));
    else if (isGiven(explicit)) throw new Problem(`the file that --kubeconfig names does not exist: ${file}; check the path`);
    else missing.push(file);
  }
  return { ...merge(loaded), missing };
}

/** The first file wins whole entries: nothing of a later entry of the same name is used. */
function merge(loaded: readonly Kubeconfig[]): Kubeconfig {
  const first = <T>(maps: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> =>
    new Map(maps.toReversed().flatMap(map => [...map]));
  return {
    files: loaded.flatMap(({ files }) => files),
    missing: [],
    currentContext: loaded.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
    contexts: first(loaded.map(({ contexts }) => contexts)),
    clusters: first(loaded.map(({ clusters }) => clusters)),
    users: first(loaded.map(({ users }) => users)),
  };
}

function ownKubeconfig(env: NodeJS.ProcessEnv): string {
  const places = ownKubeconfigs(env, homedir(), process.platform);
  return places.find(place => existsSync(place)) ?? places[0] ?? '';
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Problem(`cannot read the kubeconfig ${file} (${reasonOf(code)}); check its permissions or name another with --kubeconfig`, {
      cause: error,
    });
  }
}

/** What a file system error code means, in words. */
export function reasonOf(code: unknown): string {
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return typeof code === 'string' ? code : 'it cannot be read';
  }
}

/** @throws {Problem} the text is no kubeconfig; the message quotes no value, since any of them may be a secret */
async function parseKubeconfig(text: string, file: string): Promise<Kubeconfig> {
  const parsed = await parseDocument(text, file);
  const root = fieldsOf(parsed ?? {}, '', file);
  const kind = root.text('kind');
  const apiVersion = root.text('apiVersion');
  if ((kind !== '' && kind !== 'Config') || (apiVersion !== '' && apiVersion !== 'v1')) {
    throw new Problem(`${file} is no kubeconfig: its kind is not Config of apiVersion v1; name another file with --kubeconfig`);
  }
  const from = file;
  return {
    files: [file],
    missing: [],
    currentContext: root.text('current-context'),
    contexts: root.named('contexts', 'context', fields => ({ ...contextEntry(fields), from })),
    clusters: root.named('clusters', 'cluster', fields => ({ ...clusterEntry(fields, dirname(file)), from })),
    users: root.named('users', 'user', fields => ({ ...userEntry(fields, dirname(file)), from })),
  };
}

async function parseDocument(text: string, file: string): Promise<unknown> {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch (error) {
      // A flow mapping also begins with a brace: what is no JSON may still be YAML.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const { parseAllDocuments } = await import('yaml');
  // kubectl takes merge keys, lets the last of two equal keys win, and reads the first document only.
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: false, logLevel: 'silent' });
  const document = 'empty' in documents ? undefined : documents[0];
  const error = document?.errors[0];
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    // The parser's own message quotes the text around the fault, which may be a token.
    throw new Problem(`${file} is no valid YAML${line === undefined ? '' : ` at line ${line}`} (${error.code}); correct it or name another with --kubeconfig`);
  }
  return document?.toJS();
}

function contextEntry(fields: Fields): ContextEntry {
  return { cluster: fields.text('cluster'), user: fields.text('user'), namespace: fields.text('namespace') };
}

function clusterEntry(fields: Fields, directory: string): ClusterEntry {
  return {
    server: fields.text('server'),
    tlsServerName: fields.text('tls-server-name'),
    insecureSkipTlsVerify: fields.flag('insecure-skip-tls-verify'),
    caData: fields.data('certificate-authority-data'),
    caFile: absolute(fields.text('certificate-authority'), directory),
    proxyUrl: fields.text('proxy-url'),
    disableCompression: fields.flag('disable-compression'),
    execConfig: fields.list('extensions', extension => ({ name: extension.text('name'), value: extension.raw('extension') }))
      .find(({ name }) => name === 'client.authentication.k8s.io/exec')?.value,
  };
}

function userEntry(fields: Fields, directory: string): UserEntry {
  return {
    token: fields.text('token'),
    tokenFile: absolute(fields.text('tokenFile'), directory),
    username: fields.text('username'),
    password: fields.text('password'),
    certificateData: fields.data('client-certificate-data'),
    certificateFile: absolute(fields.text('client-certificate'), directory),
    keyData: fields.data('client-key-data'),
    keyFile: absolute(fields.text('client-key'), directory),
    as: fields.text('as'),
    asUid: fields.text('as-uid'),
    asGroups: fields.texts('as-groups'),
    asUserExtra: fields.map('as-user-extra', (extra, key) => extra.texts(key)),
    exec: fields.object('exec', exec => execEntry(exec, directory)),
    authProvider: fields.object('auth-provider', provider => ({
      name: provider.text('name'),
      config: provider.map('config', (config, key) => config.text(key)),
    })),
  };
}

function execEntry(fields: Fields, directory: string): ExecEntry {
  const command = fields.text('command');
  const apiVersion = fields.text('apiVersion');
  return {
    // A name without a separator is looked up on the PATH, never next to the file.
    command: isPath(command, process.platform) ? absolute(command, directory) : command,
    args: fields.texts('args'),
    env: fields.list('env', variable => ({ name: variable.text('name'), value: variable.text('value') })),
    apiVersion,
    installHint: fields.text('installHint'),
    provideClusterInfo: fields.flag('provideClusterInfo'),
    // v1 demands the field, v1beta1 has this default.
    interactiveMode: fields.text('interactiveMode') || (apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : ''),
  };
}

function absolute(path: string, directory: string): string {
  return pathFrom(directory, path, process.platform);
}
