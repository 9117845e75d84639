import { hash } from 'node:crypto';
import { keptCertificate, type KeptCertificate } from './certificate-facts.ts';

/** Certificates as they stood in a text, with what looked like one and is none. */
export interface CertificateBundle {
  readonly certificates: readonly KeptCertificate[];
  /** Places among the blocks of the text, from 0, that hold no certificate that everybody reads. */
  readonly malformed: readonly { readonly index: number; readonly problem: string }[];
}

/** One block of a PEM text, still in base64. */
interface PemBlock {
  readonly label: string;
  /** Absent where the block has no end. */
  readonly body?: string;
}

/** openssl writes the first, its own trust settings under the second, and old programs the third. */
const CERTIFICATE_LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'TRUSTED CERTIFICATE', 'X509 CERTIFICATE']);

/** The bundle of Mozilla has 150 members; a text beyond this is not read to its end, and says so. */
const MOST_BLOCKS = 1000;
const LONGEST_TEXT = 8 * 1024 * 1024;

const MARK = /-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----/g;

/**
 * The certificates of a PEM text, in order: bundles, indented ones, with a byte order mark, with text between them, and
 * with an end and the next beginning on one line. What is no certificate, a private key above all, is not decoded.
 */
export function certificatesInPem(text: string): CertificateBundle {
  const certificates: KeptCertificate[] = [];
  const malformed: { index: number; problem: string }[] = [];
  const blocks = pemBlocks(text.slice(0, LONGEST_TEXT));
  for (const [index, { label, body }] of blocks.slice(0, MOST_BLOCKS).entries()) {
    if (!CERTIFICATE_LABELS.has(label)) continue;
    const problem = body === undefined ? 'the block has no end' : keep(body, certificates);
    if (problem !== undefined) malformed.push({ index, problem });
  }
  if (blocks.length > MOST_BLOCKS || text.length > LONGEST_TEXT) malformed.push({ index: MOST_BLOCKS, problem: 'the text is too long to be read to its end' });
  return { certificates, malformed };
}

/** Adds the certificate of a block, or says why there is none, or why not everybody reads it. */
function keep(body: string, certificates: KeptCertificate[]): string | undefined {
  const bytes = bytesIn(body);
  if (bytes === undefined) return 'the block is not base64';
  const id = hash('sha256', bytes);
  try {
    const certificate = readOnce(bytes, id);
    certificates.push(certificate);
    // OpenSSL reads past it, and Go (crypto/x509, asn1.Unmarshal) refuses the whole: to Kubernetes there is none.
    return certificate.sha256 === id ? undefined : 'the block holds more than a certificate in DER, which Go programs refuse';
  } catch (error) {
    if (error instanceof Error) return 'the block holds no certificate';
    throw error;
  }
}

/** The bytes of a block; undefined where it is not base64. */
function bytesIn(body: string): Buffer | undefined {
  const bytes = Buffer.from(body, 'base64');
  // What comes out as it came in was base64, and nearly everything does.
  if (bytes.length > 0 && bytes.toString('base64') === body.replaceAll('\n', '')) return bytes;
  const base64 = body.replaceAll(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}

/** Certificates by the SHA-256 of their block: those that were wanted lately, and those before. */
let recent = new Map<string, KeptCertificate>();
let older = new Map<string, KeptCertificate>();
/** Some four kilobytes each; beyond it the older ones go, of which none was wanted since. */
const MOST_RECENT = 1024;

/**
 * One authority lies in hundreds of Secrets and bundles: what was read is not read again, and is one object in memory.
 * Frozen, since many hold it.
 * @param id the SHA-256 of the bytes
 * @throws {Error} it is no certificate
 */
function readOnce(der: Buffer, id: string): KeptCertificate {
  const held = recent.get(id);
  if (held !== undefined) return held;
  const known = older.get(id) ?? frozen(keptCertificate(der, id));
  if (recent.size === MOST_RECENT) {
    older = recent;
    recent = new Map();
  }
  recent.set(id, known);
  return known;
}

function frozen(certificate: KeptCertificate): KeptCertificate {
  for (const value of Object.values(certificate)) if (Array.isArray(value)) Object.freeze(value);
  return Object.freeze(certificate);
}

/** Cuts a text into its blocks in one pass: a beginning counts only up to the next mark. */
function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly from: number } | undefined;
  for (const mark of text.matchAll(MARK)) {
    const [whole, kind, label = ''] = mark;
    if (kind === 'BEGIN') {
      if (open !== undefined) blocks.push({ label: open.label });
      open = { label, from: mark.index + whole.length };
    } else if (open !== undefined) {
      blocks.push(open.label === label ? { label, body: text.slice(open.from, mark.index) } : { label: open.label });
      open = undefined;
    }
  }
  if (open !== undefined) blocks.push({ label: open.label });
  return blocks;
}

/** The certificates of a value that Kubernetes keeps as bytes: base64 of PEM. */
export function certificatesInBase64(text: string): CertificateBundle {
  return certificatesInPem(Buffer.from(text, 'base64').toString('utf8'));
}
