import { certificatesInBase64, certificatesInPem, type CertificateBundle } from './pem.ts';

/** A file of a node in which a certificate stands, or should. */
export interface NodeFile {
  /** On the node. */
  readonly path: string;
  readonly kind: 'certificates' | 'kubeconfig';
  /** The certificates of a file, or the client certificates that stand in a kubeconfig. */
  readonly certificates: CertificateBundle;
  /** Whom a kubeconfig trusts for the API server. */
  readonly authorities?: CertificateBundle;
  /** The files with client certificates that a kubeconfig names. */
  readonly clientCertificatePaths?: readonly string[];
  /** When the file was last written, by the clock of the node, RFC 3339; absent where nothing on the node tells. */
  readonly writtenAt?: string;
}

/** The certificate files of one node. */
export interface NodeFiles {
  readonly files: readonly NodeFile[];
  /** The directories that were looked through. */
  readonly directories: readonly string[];
  /** Paths that could not be looked at, and why. */
  readonly unread: readonly { readonly path: string; readonly because: UnreadBecause }[];
  /** There were more files, or more certificates, than are looked at. */
  readonly isCut: boolean;
  /** What the pod was made of. */
  readonly image: string;
}

/**
 * `refused`: it may not be opened. `leadsOut`: a link out of the directories, or to a directory. `long`: longer than any
 * file of certificates. `notMounted`: the node has no such directory, or does not give it to the pod.
 */
export type UnreadBecause = 'refused' | 'leadsOut' | 'long' | 'notMounted';

const FIRST = 'secaudit-node-files 1';
const BECAUSE: Readonly<Record<string, UnreadBecause>> = { E: 'refused', L: 'leadsOut', B: 'long' };

/** A file while its lines come in. */
interface OpenFile {
  readonly path: string;
  writtenAt?: string;
  readonly blocks: (string | undefined)[];
  readonly users: (string | undefined)[];
  readonly authorities: string[];
  readonly paths: string[];
}

/**
 * Reads what the program on the node wrote (cluster/node-files-script.ts says in what form).
 * @throws {Error} it is cut off, or is something else
 */
export function parseNodeFiles(log: string): Pick<NodeFiles, 'files' | 'unread' | 'isCut'> {
  const lines = log.split('\n');
  if (lines[0] !== FIRST) throw new Error('the first line is not that of the program');
  if (lines.at(-1) !== '' || lines.at(-2) !== 'Z') throw new Error('the last line is missing');
  const files: OpenFile[] = [];
  const unread: { path: string; because: UnreadBecause }[] = [];
  let isCut = false;
  let block: string[] | undefined;
  for (const line of lines.slice(1, -2)) {
    const tag = line[0] ?? '';
    const rest = line.slice(2);
    const because = BECAUSE[tag];
    const file = files.at(-1);
    if (tag === 'T' && line === 'T') isCut = true;
    else if (tag === 'F') files.push({ path: decodePath(rest), blocks: [], users: [], authorities: [], paths: [] });
    else if (because !== undefined) unread.push({ path: decodePath(rest), because });
    else if (file === undefined) throw new Error('a line belongs to no file');
    else if (tag === 'M') file.writtenAt = instantOf(rest);
    else if (line === '+') block = [];
    else if (tag === '=' && block !== undefined) block.push(base64In(line.slice(1)));
    else if (line === '-' && block !== undefined) {
      file.blocks.push(`-----BEGIN CERTIFICATE-----\n${block.join('\n')}\n-----END CERTIFICATE-----\n`);
      block = undefined;
    } else if (line === '!') {
      // A block that went wrong, or a value of a kubeconfig.
      (block === undefined ? file.users : file.blocks).push(undefined);
      block = undefined;
    } else if (tag === 'u') file.users.push(base64In(rest));
    else if (tag === 'a') file.authorities.push(base64In(rest));
    else if (tag === 'p') file.paths.push(decodePath(rest));
    else throw new Error('a line is of no known kind');
  }
  return { files: files.map(closed), unread, isCut };
}

function closed({ path, writtenAt, blocks, users, authorities, paths }: OpenFile): NodeFile {
  const isKubeconfig = users.length + authorities.length + paths.length > 0;
  return {
    path,
    kind: isKubeconfig ? 'kubeconfig' : 'certificates',
    certificates: joined([...blocks.map(text => text === undefined ? undefined : certificatesInPem(text)), ...users.map(value => value === undefined ? undefined : leafOf(certificatesInBase64(value)))]),
    ...(authorities.length === 0 ? {} : { authorities: joined(authorities.map(certificatesInBase64)) }),
    ...(paths.length === 0 ? {} : { clientCertificatePaths: paths }),
    ...(writtenAt === undefined ? {} : { writtenAt }),
  };
}

/** The client's own certificate; what follows it only completes its chain. */
function leafOf({ certificates, malformed }: CertificateBundle): CertificateBundle {
  return { certificates: certificates.slice(0, 1), malformed };
}

/** Bundles one behind the other; what is missing was no certificate. */
function joined(bundles: readonly (CertificateBundle | undefined)[]): CertificateBundle {
  return {
    certificates: bundles.flatMap(bundle => bundle?.certificates ?? []),
    malformed: bundles.flatMap((bundle, index) => bundle === undefined ? [{ index, problem: 'what should be a certificate is none' }] : bundle.malformed.map(({ problem }) => ({ index, problem }))),
  };
}

function base64In(text: string): string {
  if (!/^[A-Za-z0-9+/=]+$/.test(text)) throw new Error('a value is not base64');
  return text;
}

function decodePath(text: string): string {
  if (!/^([A-Za-z0-9/._:@+=,-]|%[0-9a-f]{2})+$/.test(text)) throw new Error('a path is not encoded');
  const bytes = text.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function instantOf(text: string): string {
  if (!/^\d{1,11}$/.test(text)) throw new Error('a time is none');
  return new Date(Number(text) * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
