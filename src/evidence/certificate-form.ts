import { childrenOf, elementAt, objectId, TAG, type DerElement } from './der.ts';

/** How a certificate is written, as far as Go's reader (crypto/x509) and others differ about it or a verifier looks at it. */
export interface CertificateForm {
  /** RFC 5280, 4.1.2.2 demands a positive one; Go refuses a negative one since 1.23. */
  readonly isSerialNegative: boolean;
  /** How often the subject has a common name: Go takes the last, other programs the first. */
  readonly commonNames: number;
  /** Go refuses a certificate that has an extension twice. */
  readonly hasExtensionTwice: boolean;
  /** Whether its key may sign certificates: true without the extension keyUsage too, as Go has it. */
  readonly maySign: boolean;
  /** How many authorities may stand below it; absent where it does not say. */
  readonly pathLength?: number;
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** The bit of keyUsage for keyCertSign, in the first byte (RFC 5280, 4.2.1.3). */
const CERT_SIGN = 0x04;

/** @param der base64, as evidence keeps it @throws {Error} the bytes are no certificate */
export function certificateForm(der: string): CertificateForm {
  const [body] = childrenOf(elementAt(Buffer.from(der, 'base64'), 0, TAG.sequence).content);
  if (body?.tag !== TAG.sequence) throw new Error('no certificate');
  const parts = childrenOf(body.content);
  const [serial, , , , subject] = parts[0]?.tag === VERSION ? parts.slice(1) : parts;
  if (serial?.tag !== TAG.integer || subject?.tag !== TAG.sequence) throw new Error('no certificate');
  const extensions = extensionsIn(parts);
  const ids = extensions.map(({ id }) => id);
  const valueOf = (wanted: string): Uint8Array | undefined => extensions.find(({ id }) => id === wanted)?.value;
  const keyUsage = valueOf('2.5.29.15');
  const pathLength = pathLengthIn(valueOf('2.5.29.19'));
  return {
    isSerialNegative: (serial.content[0] ?? 0) >= 0x80,
    commonNames: commonNamesIn(subject),
    hasExtensionTwice: new Set(ids).size < ids.length,
    maySign: keyUsage === undefined || ((elementAt(keyUsage, 0, TAG.bitString).content[1] ?? 0) & CERT_SIGN) !== 0,
    ...(pathLength === undefined ? {} : { pathLength }),
  };
}

function extensionsIn(parts: readonly DerElement[]): readonly { readonly id: string; readonly value: Uint8Array }[] {
  const holder = parts.find(({ tag }) => tag === EXTENSIONS);
  if (holder === undefined) return [];
  return childrenOf(elementAt(holder.content, 0, TAG.sequence).content, TAG.sequence).map(({ content }) => {
    const [id, ...rest] = childrenOf(content);
    const value = rest.at(-1);
    if (id?.tag !== TAG.objectId || value?.tag !== TAG.octetString) throw new Error('no extension');
    return { id: objectId(id.content), value: value.content };
  });
}

function commonNamesIn({ content }: DerElement): number {
  return childrenOf(content, TAG.set).flatMap(set => childrenOf(set.content, TAG.sequence))
    .filter(attribute => objectId(elementAt(attribute.content, 0, TAG.objectId).content) === '2.5.4.3').length;
}

function pathLengthIn(constraints: Uint8Array | undefined): number | undefined {
  if (constraints === undefined) return undefined;
  const length = childrenOf(elementAt(constraints, 0, TAG.sequence).content).find(({ tag }) => tag === TAG.integer);
  return length?.content[0];
}
