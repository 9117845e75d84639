import * as Flags from '@oclif/core/flags';
import { SEVERITIES, type Severity } from '../checks/define-check.ts';
import type { ConnectionFlags } from '../cluster/api-client.ts';
import { Problem } from '../problem.ts';

/** How to reach the cluster: kubectl's own flags, accepted after the command because kubectl passes none on. */
export const connectionFlags = {
  kubeconfig: Flags.string({ summary: 'path of the kubeconfig file', helpGroup: 'CONNECTION' }),
  context: Flags.string({ summary: 'kubeconfig context to use', helpGroup: 'CONNECTION' }),
  cluster: Flags.string({ summary: 'kubeconfig cluster to use', helpGroup: 'CONNECTION' }),
  user: Flags.string({ summary: 'kubeconfig user to use', helpGroup: 'CONNECTION' }),
  server: Flags.string({ char: 's', summary: 'address and port of the API server', helpGroup: 'CONNECTION' }),
  token: Flags.string({ summary: 'bearer token; never stored or printed', helpGroup: 'CONNECTION' }),
  username: Flags.string({ summary: 'user name for basic authentication', helpGroup: 'CONNECTION' }),
  password: Flags.string({ summary: 'password for basic authentication; never stored or printed', helpGroup: 'CONNECTION' }),
  as: Flags.string({ summary: 'user to impersonate', helpGroup: 'CONNECTION' }),
  'as-group': Flags.string({ summary: 'group to impersonate, repeatable', multiple: true, multipleNonGreedy: true, helpGroup: 'CONNECTION' }),
  'as-user-extra': Flags.string({ summary: 'extra of the user to impersonate, KEY=VALUE, repeatable', multiple: true, multipleNonGreedy: true, helpValue: 'KEY=VALUE', helpGroup: 'CONNECTION' }),
  'as-uid': Flags.string({ summary: 'uid to impersonate', helpGroup: 'CONNECTION' }),
  'certificate-authority': Flags.string({ summary: 'file with the certificate authority of the API server', helpGroup: 'CONNECTION' }),
  'client-certificate': Flags.string({ summary: 'file with a client certificate', helpGroup: 'CONNECTION' }),
  'client-key': Flags.string({ summary: 'file with the key of the client certificate', helpGroup: 'CONNECTION' }),
  'insecure-skip-tls-verify': Flags.boolean({ summary: 'do not verify the certificate of the API server', helpGroup: 'CONNECTION' }),
  'tls-server-name': Flags.string({ summary: 'name to expect in the certificate of the API server', helpGroup: 'CONNECTION' }),
  'disable-compression': Flags.boolean({ summary: 'ask for uncompressed answers', helpGroup: 'CONNECTION' }),
  'request-timeout': Flags.string({ summary: 'how long one request may take, such as 20s or 2m; 0 means no limit', helpGroup: 'CONNECTION' }),
};

/** How kubelets may be reached. */
const KUBELET_WAYS = ['proxy', 'direct', 'off'] as const;

/** What to look at and how to judge it. */
export const auditFlags = {
  namespace: Flags.string({ char: 'n', summary: 'look at this namespace only; checks of the whole cluster are then out of scope' }),
  'all-namespaces': Flags.boolean({ char: 'A', summary: 'look at the whole cluster (the default); wins over --namespace, as in kubectl' }),
  check: Flags.string({ summary: 'only this check, repeatable', multiple: true, multipleNonGreedy: true, delimiter: ',' }),
  family: Flags.string({ summary: 'only checks of this family, the first word of their ids, such as pki; repeatable', multiple: true, multipleNonGreedy: true, delimiter: ',' }),
  severity: Flags.option({ summary: 'only checks that can be of this severity or worse', options: SEVERITIES })(),
  framework: Flags.string({ summary: 'only checks that map to this framework (owasp-2025, cis, ...), repeatable', multiple: true, multipleNonGreedy: true, delimiter: ',' }),
  exceptions: Flags.string({ summary: 'YAML file with accepted findings', helpValue: 'FILE' }),
  'cluster-id': Flags.string({ summary: 'logical name that fingerprints carry, so that a rebuilt cluster keeps its tickets', helpValue: 'NAME' }),
  facts: Flags.string({ summary: 'rights outside the cluster: what aws eks list-access-entries, describe-access-entry and list-associated-access-policies print', helpValue: 'FILE' }),
  snapshot: Flags.string({ summary: 'audit a saved snapshot instead of a live cluster', helpValue: 'FILE' }),
  at: Flags.string({ summary: 'judge as of this time (RFC 3339, a day, or now)', helpValue: 'TIME' }),
  kubelet: Flags.option({ summary: 'how kubelets are asked for their settings: through the API server (proxy, the default), at the nodes\' own addresses with your credential (direct), or not at all (off)', options: KUBELET_WAYS })(),
  'kubelet-insecure-tls': Flags.boolean({ summary: 'with --kubelet direct: send your credential also to kubelets whose certificate cannot be verified' }),
  'probe-anonymous': Flags.boolean({ summary: 'send each kubelet a request without a credential, through the API server and a pod on its node' }),
  'node-files': Flags.boolean({ summary: 'read the certificate files of every node, by a pod on each that mounts their directories read-only and is deleted again' }),
  'node-files-namespace': Flags.string({ summary: 'with --node-files: the namespace of those pods (kube-system by default)', helpValue: 'NAMESPACE' }),
  'node-files-image': Flags.string({ summary: 'with --node-files: the image of those pods, which may be pulled; by default one with a shell that is on the node already', helpValue: 'IMAGE' }),
  tunnel: Flags.boolean({ summary: 'make TLS handshakes with the ports of each node, also those of 127.0.0.1, through the API server and a pod on it, and with the pods behind webhooks and extension APIs (pods/portforward)' }),
  'probe-nodes': Flags.boolean({ summary: 'make TLS handshakes with the ports of each node at its own address, send its kubelet a request without a credential, and make handshakes with the IP addresses of Ingresses' }),
  'tls-secrets': Flags.boolean({ summary: 'read the Secrets of type kubernetes.io/tls: their certificates are kept, and of their keys whether they fit' }),
  timeout: Flags.string({ summary: 'how long the whole run may take, such as 2m; what is unread then is a gap', helpValue: 'DURATION' }),
  'fail-on': Flags.option({ summary: 'exit 3 when an open finding is of this severity or worse', options: SEVERITIES })(),
  'fail-on-incomplete': Flags.boolean({ summary: 'exit 4 when something could not be read that a permission or another try would give' }),
};

export const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'jsonl'] as const;
export type Output = (typeof OUTPUTS)[number];

/** How to print it. */
export const outputFlags = {
  output: Flags.option({ char: 'o', summary: 'format of the report', options: OUTPUTS, default: 'table', helpGroup: 'OUTPUT' })(),
  'output-file': Flags.string({ summary: 'write the report to this file (mode 0600) instead of stdout', helpValue: 'FILE', helpGroup: 'OUTPUT' }),
  'no-headers': Flags.boolean({ summary: 'print tables without a header line', helpGroup: 'OUTPUT' }),
  color: Flags.boolean({ allowNo: true, summary: 'colour, or not; by default only on a terminal', helpGroup: 'OUTPUT' }),
  quiet: Flags.boolean({ summary: 'no progress and no remarks on stderr', helpGroup: 'OUTPUT' }),
  verbose: Flags.boolean({ char: 'v', summary: 'show each request on stderr: verb, path, status, latency', helpGroup: 'OUTPUT' }),
};

/** What the connection flags came to, as the transport takes it. @throws {Problem} for a duration that is none */
export function connectionOf(flags: ParsedConnectionFlags): ConnectionFlags {
  return {
    ...defined({
      kubeconfig: flags.kubeconfig,
      context: flags.context,
      cluster: flags.cluster,
      user: flags.user,
      server: flags.server,
      token: flags.token,
      as: flags.as,
      asUid: flags['as-uid'],
      asGroups: flags['as-group'],
      asUserExtra: flags['as-user-extra'] === undefined ? undefined : userExtra(flags['as-user-extra']),
      username: flags.username,
      password: flags.password,
      certificateAuthority: flags['certificate-authority'],
      clientCertificate: flags['client-certificate'],
      clientKey: flags['client-key'],
      insecureSkipTlsVerify: flags['insecure-skip-tls-verify'],
      tlsServerName: flags['tls-server-name'],
      disableCompression: flags['disable-compression'],
    }),
    ...(flags['request-timeout'] === undefined ? {} : { requestTimeoutSeconds: durationSeconds('--request-timeout', flags['request-timeout']) }),
  };
}

export interface ParsedConnectionFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly as?: string | undefined;
  readonly 'as-uid'?: string | undefined;
  readonly 'as-group'?: string[] | undefined;
  readonly 'as-user-extra'?: string[] | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly 'certificate-authority'?: string | undefined;
  readonly 'client-certificate'?: string | undefined;
  readonly 'client-key'?: string | undefined;
  readonly 'insecure-skip-tls-verify'?: boolean | undefined;
  readonly 'tls-server-name'?: string | undefined;
  readonly 'disable-compression'?: boolean | undefined;
  readonly 'request-timeout'?: string | undefined;
}

/** Values by key. A key may be given again and then has several, as in kubectl. @throws {Problem} a word without `=` */
function userExtra(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const extra = new Map<string, readonly string[]>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new Problem(`--as-user-extra takes KEY=VALUE, not ${word}`, { exitCode: 2 });
    const key = word.slice(0, at);
    extra.set(key, [...(extra.get(key) ?? []), word.slice(at + 1)]);
  }
  return extra;
}

/** The flags for more than plain reads, as options of a reading. @throws {Problem} for flags that contradict each other */
export function optInsOf(flags: {
  readonly kubelet?: (typeof KUBELET_WAYS)[number] | undefined;
  readonly 'kubelet-insecure-tls'?: boolean | undefined;
  readonly 'probe-anonymous'?: boolean | undefined;
  readonly 'node-files'?: boolean | undefined;
  readonly 'node-files-namespace'?: string | undefined;
  readonly 'node-files-image'?: string | undefined;
  readonly tunnel?: boolean | undefined;
  readonly 'probe-nodes'?: boolean | undefined;
  readonly 'tls-secrets'?: boolean | undefined;
  readonly as?: string | undefined;
}): { readonly kubelet?: (typeof KUBELET_WAYS)[number]; readonly optIns: readonly string[]; readonly nodeFiles?: { readonly namespace?: string; readonly image?: string } } {
  const { kubelet } = flags;
  if (kubelet === 'direct' && flags.as !== undefined) {
    throw new Problem('--kubelet direct cannot be used with --as: kubelets know no impersonation and would answer to your own name', { exitCode: 2 });
  }
  if (kubelet !== 'direct' && flags['kubelet-insecure-tls'] === true) {
    throw new Problem('--kubelet-insecure-tls has a meaning with --kubelet direct only: otherwise the API server talks to the kubelets', { exitCode: 2 });
  }
  return {
    ...(kubelet === undefined ? {} : { kubelet }),
    ...nodeFilesOf(flags),
    optIns: (['kubelet-insecure-tls', 'probe-anonymous', 'tunnel', 'probe-nodes', 'node-files', 'tls-secrets'] as const).filter(name => flags[name] === true).map(name => `--${name}`),
  };
}

/** @throws {Problem} for a namespace or an image that cannot be one, or that is given without --node-files */
function nodeFilesOf(flags: Parameters<typeof optInsOf>[0]): { readonly nodeFiles?: { readonly namespace?: string; readonly image?: string } } {
  const { 'node-files-namespace': namespace, 'node-files-image': image } = flags;
  if (namespace === undefined && image === undefined) return {};
  if (flags['node-files'] !== true) throw new Problem(`--node-files-${image === undefined ? 'namespace' : 'image'} has a meaning with --node-files only`, { exitCode: 2 });
  if (namespace !== undefined && !NAMESPACE.test(namespace)) throw new Problem(`--node-files-namespace takes the name of one namespace, which "${namespace}" cannot be`, { exitCode: 2 });
  if (image !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,500}$/.test(image)) throw new Problem(`--node-files-image takes the name of an image, which "${image}" cannot be`, { exitCode: 2 });
  return { nodeFiles: { ...(namespace === undefined ? {} : { namespace }), ...(image === undefined ? {} : { image }) } };
}

const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The namespace of -n as an option; -A wins over it, as in kubectl. The name becomes part of a path, where `..` would mean the whole cluster.
 * @throws {Problem} for what no namespace can be called
 */
export function namespaceOf(flags: { readonly namespace?: string | undefined; readonly 'all-namespaces'?: boolean | undefined }): { readonly namespace?: string } {
  const { namespace } = flags;
  if (namespace === undefined || flags['all-namespaces'] === true) return {};
  if (!NAMESPACE.test(namespace)) {
    throw new Problem(`--namespace takes the name of one namespace, which "${namespace}" cannot be`, { exitCode: 2 });
  }
  return { namespace };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, 'µs': 1e-6, 'μs': 1e-6, ms: 0.001, s: 1, m: 60, h: 3600 };

/** A Go duration such as `1m30s`, or a bare number of seconds, in seconds. @throws {Problem} for anything else */
export function durationSeconds(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^\+?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) {
    throw new Problem(`${flag} takes a duration such as 30s or 2m, not ${text}`, { exitCode: 2 });
  }
  return [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0);
}

/** The colour flag as an option: absent where neither --color nor --no-color was given, which oclif's type leaves out. */
export function colorOf(color: boolean | undefined): { readonly color?: boolean } {
  return color === undefined ? {} : { color };
}

/** Whether a severity is at or above another. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
