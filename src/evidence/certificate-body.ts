import { childrenOf, elementAt, objectId, TAG, textOf, type DerElement } from './der.ts';
import { identityIn, type NameIdentity } from './distinguished-name.ts';

/** What node:crypto does not tell of a certificate, or tells in a text that would have to be taken apart. */
export interface CertificateBody {
  readonly identity: NameIdentity;
  /** `ECDSA SHA-256`, `RSA SHA-1`; the dotted number where it is none of the known ones. */
  readonly signature: string;
  /** Whether it says that it may sign certificates (basic constraints). */
  readonly isAuthority: boolean;
  /** `client`, `server`, `any`, else dotted numbers; absent where its use is not limited. */
  readonly usages?: readonly string[];
  /** Subject alternative names: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names: readonly string[];
  /** Hexadecimal, lower case. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'RSA MD2',
  '1.2.840.113549.1.1.4': 'RSA MD5',
  '1.2.840.113549.1.1.5': 'RSA SHA-1',
  '1.2.840.113549.1.1.11': 'RSA SHA-256',
  '1.2.840.113549.1.1.12': 'RSA SHA-384',
  '1.2.840.113549.1.1.13': 'RSA SHA-512',
  '1.2.840.10045.4.1': 'ECDSA SHA-1',
  '1.2.840.10045.4.3.1': 'ECDSA SHA-224',
  '1.2.840.10045.4.3.2': 'ECDSA SHA-256',
  '1.2.840.10045.4.3.3': 'ECDSA SHA-384',
  '1.2.840.10045.4.3.4': 'ECDSA SHA-512',
  '1.2.840.10040.4.3': 'DSA SHA-1',
  '2.16.840.1.101.3.4.3.2': 'DSA SHA-256',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
};
const PSS = '1.2.840.113549.1.1.10';
const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'SHA-1',
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
};
const USAGES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'server',
  '1.3.6.1.5.5.7.3.2': 'client',
  '2.5.29.37.0': 'any',
};

/** Context-specific tags inside a certificate's body and its extensions. */
const CONTEXT = { version: 0xa0, extensions: 0xa3, keyId: 0x80, hash: 0xa0 } as const;

/**
 * Reads a certificate (RFC 5280, 4.1) as far as the API server looks at it.
 * @throws {Error} the bytes are no certificate in DER
 */
export function readCertificateBody(der: Uint8Array): CertificateBody {
  const whole = elementAt(der, 0, TAG.sequence);
  const [body, algorithm] = childrenOf(whole.content);
  if (body?.tag !== TAG.sequence || algorithm?.tag !== TAG.sequence) throw new Error('no certificate');
  const parts = childrenOf(body.content);
  // The version is absent in certificates of version 1.
  const [, , , , subject, publicKey] = parts[0]?.tag === CONTEXT.version ? parts.slice(1) : parts;
  if (subject?.tag !== TAG.sequence || publicKey?.tag !== TAG.sequence) throw new Error('no certificate');
  const found = extensionsIn(parts);
  const usages = found.get('2.5.29.37');
  const subjectKeyId = found.get('2.5.29.14');
  const authorityKeyId = authorityKeyIn(found.get('2.5.29.35'));
  return {
    identity: identityIn(body.content.subarray(subject.start, subject.end)),
    signature: signatureIn(algorithm.content),
    isAuthority: isAuthority(found.get('2.5.29.19')),
    names: namesIn(found.get('2.5.29.17')),
    ...(usages === undefined ? {} : { usages: childrenOf(elementAt(usages, 0, TAG.sequence).content, TAG.objectId).map(({ content }) => usageOf(content)) }),
    ...(subjectKeyId === undefined ? {} : { subjectKeyId: hex(elementAt(subjectKeyId, 0, TAG.octetString).content) }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
    publicKey: body.content.subarray(publicKey.start, publicKey.end),
  };
}

/** The value of each extension, by its number. */
function extensionsIn(parts: readonly DerElement[]): ReadonlyMap<string, Uint8Array> {
  const holder = parts.find(({ tag }) => tag === CONTEXT.extensions);
  const found = new Map<string, Uint8Array>();
  if (holder === undefined) return found;
  for (const { content } of childrenOf(elementAt(holder.content, 0, TAG.sequence).content, TAG.sequence)) {
    const [id, ...rest] = childrenOf(content);
    const value = rest.at(-1);
    if (id?.tag !== TAG.objectId || value?.tag !== TAG.octetString) throw new Error('no extension');
    found.set(objectId(id.content), value.content);
  }
  return found;
}

function isAuthority(constraints: Uint8Array | undefined): boolean {
  if (constraints === undefined) return false;
  const [first] = childrenOf(elementAt(constraints, 0, TAG.sequence).content);
  return first?.tag === TAG.boolean && first.content[0] !== undefined && first.content[0] !== 0;
}

/** RFC 5280, 4.2.1.6. A name that is neither text nor an address counts for nothing in a cluster, and is only named by its kind. */
function namesIn(extension: Uint8Array | undefined): string[] {
  if (extension === undefined) return [];
  return childrenOf(elementAt(extension, 0, TAG.sequence).content).map(name => {
    switch (name.tag) {
      case 0x81:
        return `email:${textOf(name)}`;
      case 0x82:
        return `DNS:${textOf(name)}`;
      case 0x86:
        return `URI:${textOf(name)}`;
      case 0x87:
        return `IP:${addressOf(name.content)}`;
      default:
        return `other:${name.tag & 0x1f}`;
    }
  });
}

/** As openssl prints it: IPv6 in eight groups. */
function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) return hex(bytes);
  return Array.from({ length: 8 }, (_, at) => (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16).toUpperCase()).join(':');
}

function authorityKeyIn(extension: Uint8Array | undefined): string | undefined {
  if (extension === undefined) return undefined;
  const id = childrenOf(elementAt(extension, 0, TAG.sequence).content).find(({ tag }) => tag === CONTEXT.keyId);
  return id === undefined ? undefined : hex(id.content);
}

function usageOf(content: Uint8Array): string {
  const id = objectId(content);
  return USAGES[id] ?? id;
}

function signatureIn(algorithm: Uint8Array): string {
  const [id, parameters] = childrenOf(algorithm);
  if (id?.tag !== TAG.objectId) throw new Error('no signature algorithm');
  const dotted = objectId(id.content);
  return dotted === PSS ? `RSA-PSS ${hashIn(parameters)}` : (SIGNATURES[dotted] ?? dotted);
}

/** RFC 4055: the hash of a PSS signature is SHA-1 where none is named. */
function hashIn(parameters: DerElement | undefined): string {
  const named = parameters?.tag !== TAG.sequence ? undefined : childrenOf(parameters.content).find(({ tag }) => tag === CONTEXT.hash);
  if (named === undefined) return 'SHA-1';
  const [id] = childrenOf(elementAt(named.content, 0, TAG.sequence).content);
  const dotted = id === undefined ? '' : objectId(id.content);
  return HASHES[dotted] ?? dotted;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
