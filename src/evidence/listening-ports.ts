/** What the words that start a program of the control plane say about where it listens. */
export interface ListeningPorts {
  /** `--secure-port`. */
  readonly securePort?: number;
  /** The ports of the https URLs in `--listen-client-urls` and `--listen-peer-urls` of etcd, each once. */
  readonly clientPorts?: readonly number[];
  readonly peerPorts?: readonly number[];
}

/** One for each kind of client is more than usual. */
const MOST_PORTS = 4;

/** Reduces the words of a container's command or args to what is said above; nothing else of them stays. */
export function readListeningPorts(words: readonly string[]): ListeningPorts {
  const securePort = portIn(valueOf(words, 'secure-port'));
  const clientPorts = portsIn(valueOf(words, 'listen-client-urls'));
  const peerPorts = portsIn(valueOf(words, 'listen-peer-urls'));
  return {
    ...(securePort === undefined ? {} : { securePort }),
    ...(clientPorts.length === 0 ? {} : { clientPorts }),
    ...(peerPorts.length === 0 ? {} : { peerPorts }),
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
