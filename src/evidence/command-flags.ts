import { readListeningPorts, type ListeningPorts } from './listening-ports.ts';

/** The flags that name files of certificates and of keys, kubeconfigs with both among them. What they name is a path; what is in the file stays there. */
export const CERTIFICATE_FILE_FLAGS = [
  'cert-file', 'client-ca-file', 'cluster-signing-cert-file', 'cluster-signing-key-file',
  'cluster-signing-kube-apiserver-client-cert-file', 'cluster-signing-kube-apiserver-client-key-file',
  'cluster-signing-kubelet-client-cert-file', 'cluster-signing-kubelet-client-key-file',
  'cluster-signing-kubelet-serving-cert-file', 'cluster-signing-kubelet-serving-key-file',
  'cluster-signing-legacy-unknown-cert-file', 'cluster-signing-legacy-unknown-key-file',
  'etcd-cafile', 'etcd-certfile', 'etcd-keyfile', 'key-file', 'kubeconfig', 'kubelet-certificate-authority', 'kubelet-client-certificate', 'kubelet-client-key',
  'peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file', 'proxy-client-cert-file', 'proxy-client-key-file',
  'requestheader-client-ca-file', 'root-ca-file', 'service-account-key-file', 'service-account-private-key-file', 'service-account-signing-key-file',
  'tls-cert-file', 'tls-private-key-file', 'trusted-ca-file',
] as const;

/**
 * The flags of control-plane programs whose values may be kept. Of every other flag only the name is: values can be
 * anything that somebody once thought fit for a command line, tokens included.
 */
export const KEPT_FLAG_VALUES: ReadonlySet<string> = new Set([
  ...CERTIFICATE_FILE_FLAGS, // paths
  'authorization-config', // a path
  'authorization-mode', // names of authorizers
  'cluster-signing-duration', // a length of time
  'encryption-provider-config', // a path
  'encryption-provider-config-automatic-reload',
  'requestheader-allowed-names', // common names of certificates
]);

/** The programs of a control plane. */
export const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'] as const;
export type Program = (typeof PROGRAMS)[number];

/** What is kept of a list of words that start a program: a container's command or args. */
export interface CommandFlags extends ListeningPorts {
  /** The first word, where it is the program and one that we know; `other` for any other. */
  readonly program?: Program | 'other';
  /** By name without dashes, in order. The value is there for the flags of {@link KEPT_FLAG_VALUES} only. */
  readonly flags: readonly { readonly name: string; readonly value?: string }[];
  /** A word that only the container's start expands: a flag that is not seen may hide in it. */
  readonly hasVariable: boolean;
}

/** Reduces the words to flag names, the allowed values and the ports that are listened at; nothing else of them stays. */
export function readCommandFlags(words: readonly string[]): CommandFlags {
  // Straight off the wire: what is no list of words might hide any flag.
  if (!Array.isArray(words) || !words.every(word => typeof word === 'string')) return { flags: [], hasVariable: true };
  const flags: { name: string; value?: string }[] = [];
  let program: CommandFlags['program'];
  let hasVariable = false;
  for (const [index, word] of words.entries()) {
    if (!word.startsWith('-')) {
      if (index === 0) program = PROGRAMS.find(name => word === name || word.endsWith(`/${name}`)) ?? 'other';
      hasVariable ||= word.includes('$(');
      continue;
    }
    const equals = word.indexOf('=');
    // The programs take underscores for hyphens.
    const name = word.slice(0, equals < 0 ? undefined : equals).replace(/^--?/, '').replaceAll('_', '-');
    const next = words[index + 1];
    const value = equals >= 0 ? word.slice(equals + 1) : next?.startsWith('-') === false ? next : undefined;
    flags.push(value !== undefined && KEPT_FLAG_VALUES.has(name) ? { name, value } : { name });
    hasVariable ||= name.includes('$(');
  }
  return { ...(program === undefined ? {} : { program }), flags, hasVariable, ...readListeningPorts(words) };
}
