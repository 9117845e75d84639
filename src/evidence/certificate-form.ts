import { childrenOf, contentOf, elementAt, firstIn, objectId, TAG, type DerElement } from './der.ts';

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
  const [body] = childrenOf(elementAt(Buffer.from(der, 'base64'), 0, TAG.sequence));
  if (body?.tag !== TAG.sequence) throw new Error('no certificate');
  const parts = childrenOf(body);
  const [serial, , , , subject] = parts[0]?.tag === VERSION ? parts.slice(1) : parts;
  if (serial?.tag !== TAG.integer || subject?.tag !== TAG.sequence) throw new Error('no certificate');
  const extensions = extensionsIn(parts);
  const ids = extensions.map(({ id }) => id);
  const valueOf = (wanted: string): DerElement | undefined => extensions.find(({ id }) => id === wanted)?.value;
  const keyUsage = valueOf('2.5.29.15');
  const pathLength = pathLengthIn(valueOf('2.5.29.19'));
  return {
    isSerialNegative: (contentOf(serial)[0] ?? 0) >= 0x80,
    commonNames: commonNamesIn(subject),
    hasExtensionTwice: new Set(ids).size < ids.length,
    maySign: keyUsage === undefined || ((contentOf(firstIn(keyUsage, TAG.bitString))[1] ?? 0) & CERT_SIGN) !== 0,
    ...(pathLength === undefined ? {} : { pathLength }),
  };
}

function extensionsIn(parts: readonly DerElement[]): readonly { readonly id: string; readonly value: DerElement }[] {
  const holder = parts.find(({ tag }) => tag === EXTENSIONS);
  if (holder === undefined) return [];
  return childrenOf(firstIn(holder, TAG.sequence), TAG.sequence).map(extension => {
    const [id, ...rest] = childrenOf(extension);
    const value = rest.at(-1);
    if (id?.tag !== TAG.objectId || value?.tag !== TAG.octetString) throw new Error('no extension');
    return { id: objectId(id), value };
  });
}

function commonNamesIn(name: DerElement): number {
  return childrenOf(name, TAG.set).flatMap(set => childrenOf(set, TAG.sequence)).filter(attribute => objectId(firstIn(attribute, TAG.objectId)) === '2.5.4.3').length;
}

function pathLengthIn(constraints: DerElement | undefined): number | undefined {
  if (constraints === undefined) return undefined;
  const length = childrenOf(firstIn(constraints, TAG.sequence)).find(({ tag }) => tag === TAG.integer);
  return length === undefined ? undefined : contentOf(length)[0];
}
