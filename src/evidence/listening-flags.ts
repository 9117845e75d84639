/** The programs of a control plane that listen at a port of their node. */
export const CONTROL_PLANE_PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'] as const;
export type ControlPlaneProgram = (typeof CONTROL_PLANE_PROGRAMS)[number];

/** What the words that start a program say about where it listens, and whom it lets in. */
export interface ListeningFlags {
  /** The first word, where it is one of them. */
  readonly program?: ControlPlaneProgram;
  /** `--secure-port`. */
  readonly securePort?: number;
  /** The ports of the https URLs in `--listen-client-urls` and `--listen-peer-urls` of etcd, each once. */
  readonly clientPorts?: readonly number[];
  readonly peerPorts?: readonly number[];
  /** Where the program has its authority of clients: `--client-ca-file`, or `--trusted-ca-file` of etcd. */
  readonly clientAuthorityFile?: string;
}

/** One for each kind of client is more than usual. */
const MOST_PORTS = 4;

/** Reduces the words of a container's command or args to what is said above; nothing else of them stays. */
export function readListeningFlags(words: readonly string[]): ListeningFlags {
  // Straight off the wire: what is no list of words says nothing.
  if (!Array.isArray(words) || !words.every(word => typeof word === 'string')) return {};
  const [first = ''] = words;
  const program = CONTROL_PLANE_PROGRAMS.find(name => first === name || first.endsWith(`/${name}`));
  const securePort = portIn(valueOf(words, 'secure-port'));
  const clientPorts = portsIn(valueOf(words, 'listen-client-urls'));
  const peerPorts = portsIn(valueOf(words, 'listen-peer-urls'));
  const file = valueOf(words, program === 'etcd' ? 'trusted-ca-file' : 'client-ca-file');
  return {
    ...(program === undefined ? {} : { program }),
    ...(securePort === undefined ? {} : { securePort }),
    ...(clientPorts.length === 0 ? {} : { clientPorts }),
    ...(peerPorts.length === 0 ? {} : { peerPorts }),
    ...(file !== undefined && /^\/[\w./-]{1,200}$/.test(file) ? { clientAuthorityFile: file } : {}),
  };
}

/** `--name=value` or `--name value`; the last one counts, as the programs have it. */
function valueOf(words: readonly string[], name: string): string | undefined {
  const values = words.flatMap((word, at) => {
    if (word === `--${name}` || word === `-${name}`) return [words[at + 1] ?? ''];
    const [, value] = new RegExp(`^--?${name}=(.*)$`, 's').exec(word) ?? [];
    return value === undefined ? [] : [value];
  });
  return values.at(-1);
}

function portsIn(urls: string | undefined): readonly number[] {
  const ports = (urls ?? '').split(',').flatMap(text => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const port = url?.protocol === 'https:' ? portIn(url.port === '' ? '443' : url.port) : undefined;
    return port === undefined ? [] : [port];
  });
  return [...new Set(ports)].slice(0, MOST_PORTS);
}

function portIn(text: string | undefined): number | undefined {
  const port = Number(text);
  return text !== undefined && /^\d{1,5}$/.test(text) && port > 0 && port < 65_536 ? port : undefined;
}
