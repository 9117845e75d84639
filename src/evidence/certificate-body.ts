import { childrenOf, contentOf, elementAt, firstIn, hexOf, objectId, TAG, textOf, type DerElement } from './der.ts';
import { identityOf, plainName, type NameIdentity } from './distinguished-name.ts';

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
  /** The SubjectPublicKeyInfo. */
  readonly publicKey: DerElement;
  /** What OpenSSL tells as well, where it is certain what that would be: asking takes longer than all the rest. Undefined where it has to be asked. */
  readonly plain: {
    readonly serial: string | undefined;
    /** As {@link plainName} has it. */
    readonly issuer: string | undefined;
    readonly subject: string | undefined;
    /** RFC 3339, UTC. */
    readonly notBefore?: string | undefined;
    readonly notAfter?: string | undefined;
  };
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
  const [body, algorithm] = childrenOf(elementAt(der, 0, TAG.sequence));
  if (body?.tag !== TAG.sequence || algorithm?.tag !== TAG.sequence) throw new Error('no certificate');
  const parts = childrenOf(body);
  // The version is absent in certificates of version 1.
  const at = parts[0]?.tag === CONTEXT.version ? 1 : 0;
  const serial = parts[at];
  const issuer = parts[at + 2];
  const validity = parts[at + 3];
  const subject = parts[at + 4];
  const publicKey = parts[at + 5];
  if (subject?.tag !== TAG.sequence || publicKey?.tag !== TAG.sequence) throw new Error('no certificate');
  const found = extensionsIn(parts);
  const usages = found.get('2.5.29.37');
  const subjectKeyId = found.get('2.5.29.14');
  const authorityKeyId = authorityKeyIn(found.get('2.5.29.35'));
  return {
    identity: identityOf(subject),
    signature: signatureIn(algorithm),
    isAuthority: isAuthority(found.get('2.5.29.19')),
    names: namesIn(found.get('2.5.29.17')),
    ...(usages === undefined ? {} : { usages: childrenOf(firstIn(usages, TAG.sequence), TAG.objectId).map(usageOf) }),
    ...(subjectKeyId === undefined ? {} : { subjectKeyId: hexOf(firstIn(subjectKeyId, TAG.octetString)) }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
    publicKey,
    plain: {
      serial: serial === undefined ? undefined : plainSerial(serial),
      issuer: issuer === undefined ? undefined : plainName(issuer),
      subject: plainName(subject),
      ...(validity === undefined ? {} : plainDates(validity)),
    },
  };
}

/** The value of each extension, by its number. */
function extensionsIn(parts: readonly DerElement[]): ReadonlyMap<string, DerElement> {
  const holder = parts.find(({ tag }) => tag === CONTEXT.extensions);
  const found = new Map<string, DerElement>();
  if (holder === undefined) return found;
  for (const extension of childrenOf(firstIn(holder, TAG.sequence), TAG.sequence)) {
    const inside = childrenOf(extension);
    const id = inside[0];
    const value = inside.length > 1 ? inside.at(-1) : undefined;
    if (id?.tag !== TAG.objectId || value?.tag !== TAG.octetString) throw new Error('no extension');
    found.set(objectId(id), value);
  }
  return found;
}

/** As OpenSSL prints it; undefined for zero and for negative ones, which it is asked about. */
function plainSerial(serial: DerElement): string | undefined {
  const first = serial.bytes[serial.from] ?? 0;
  if (serial.tag !== TAG.integer || serial.end - serial.from < 2 || first >= 0x80) return undefined;
  return hexOf(first === 0 ? { ...serial, from: serial.from + 1 } : serial).toUpperCase();
}

function plainDates({ bytes, from, end }: DerElement): Pick<CertificateBody['plain'], 'notBefore' | 'notAfter'> {
  const notBefore = elementAt(bytes, from, undefined, end);
  return { notBefore: plainDate(notBefore), notAfter: plainDate(elementAt(bytes, notBefore.end, undefined, end)) };
}

/**
 * A date as RFC 5280, 4.1.2.5 wants it, UTC and with seconds, in RFC 3339; undefined for what is written in another way, or is no
 * date of the calendar.
 */
function plainDate({ tag, bytes, from, end }: DerElement): string | undefined {
  const isShort = tag === TAG.utcTime;
  if ((!isShort && tag !== TAG.generalizedTime) || end - from !== (isShort ? 13 : 15) || bytes[end - 1] !== 0x5a) return undefined;
  for (let at = from; at < end - 1; at += 1) if ((bytes[at] ?? 0) < 0x30 || (bytes[at] ?? 0) > 0x39) return undefined;
  const two = (at: number): number => ((bytes[at] ?? 0) - 0x30) * 10 + (bytes[at + 1] ?? 0) - 0x30;
  const [month, day, hour, minute, second] = [end - 11, end - 9, end - 7, end - 5, end - 3];
  // Two digits reach from 1950 to 2049.
  const century = isShort ? (two(from) < 50 ? 20 : 19) : two(from);
  const year = century * 100 + two(end - 13);
  if (year < 1950 || two(hour) > 23 || two(minute) > 59 || two(second) > 59 || two(day) < 1 || two(day) > daysIn(year, two(month))) return undefined;
  DATE[0] = 0x30 + Math.floor(century / 10);
  DATE[1] = 0x30 + (century % 10);
  for (const [at, place] of [[2, end - 13], [5, month], [8, day], [11, hour], [14, minute], [17, second]] as const) {
    DATE[at] = bytes[place] ?? 0;
    DATE[at + 1] = bytes[place + 1] ?? 0;
  }
  return DATE.toString('latin1');
}

/** Written over with each date. */
const DATE = Buffer.from('0000-00-00T00:00:00Z');

/** None in a month that there is not. */
function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month < 1 || month > 12 ? 0 : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isAuthority(constraints: DerElement | undefined): boolean {
  if (constraints === undefined) return false;
  const [first] = childrenOf(firstIn(constraints, TAG.sequence));
  const value = first?.tag === TAG.boolean ? contentOf(first)[0] : undefined;
  return value !== undefined && value !== 0;
}

/** RFC 5280, 4.2.1.6. A name that is neither text nor an address counts for nothing in a cluster, and is only named by its kind. */
function namesIn(extension: DerElement | undefined): string[] {
  if (extension === undefined) return [];
  return childrenOf(firstIn(extension, TAG.sequence)).map(name => {
    switch (name.tag) {
      case 0x81:
        return `email:${textOf(name)}`;
      case 0x82:
        return `DNS:${textOf(name)}`;
      case 0x86:
        return `URI:${textOf(name)}`;
      case 0x87:
        return `IP:${addressOf(name)}`;
      default:
        return `other:${name.tag & 0x1f}`;
    }
  });
}

/** As openssl prints it: IPv6 in eight groups. */
function addressOf(address: DerElement): string {
  const bytes = contentOf(address);
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) return hexOf(address);
  return Array.from({ length: 8 }, (_, at) => (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16).toUpperCase()).join(':');
}

function authorityKeyIn(extension: DerElement | undefined): string | undefined {
  if (extension === undefined) return undefined;
  const id = childrenOf(firstIn(extension, TAG.sequence)).find(({ tag }) => tag === CONTEXT.keyId);
  return id === undefined ? undefined : hexOf(id);
}

function usageOf(usage: DerElement): string {
  const id = objectId(usage);
  return USAGES[id] ?? id;
}

function signatureIn(algorithm: DerElement): string {
  const [id, parameters] = childrenOf(algorithm);
  if (id?.tag !== TAG.objectId) throw new Error('no signature algorithm');
  const dotted = objectId(id);
  return dotted === PSS ? `RSA-PSS ${hashIn(parameters)}` : (SIGNATURES[dotted] ?? dotted);
}

/** RFC 4055: the hash of a PSS signature is SHA-1 where none is named. */
function hashIn(parameters: DerElement | undefined): string {
  const named = parameters?.tag !== TAG.sequence ? undefined : childrenOf(parameters).find(({ tag }) => tag === CONTEXT.hash);
  if (named === undefined) return 'SHA-1';
  const [id] = childrenOf(firstIn(named, TAG.sequence));
  const dotted = id === undefined ? '' : objectId(id);
  return HASHES[dotted] ?? dotted;
}
