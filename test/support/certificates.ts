import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its unencrypted key, both PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says. Nothing is checked, so that wrong ones can be made as well. */
export interface CertificateFields {
  readonly commonName: string;
  /** Groups, in a Kubernetes client certificate. */
  readonly organizations?: readonly string[];
  /** Host names and IP addresses of a server. */
  readonly names?: readonly string[];
  /** `both`: a server that is its peers' client, such as etcd. */
  readonly use: 'server' | 'client' | 'both' | 'authority';
  /** Default: five minutes ago. */
  readonly notBefore?: Date;
  /** Default: in one year. */
  readonly notAfter?: Date;
  readonly keyType?: 'P-256' | 'RSA' | 'RSA 1024';
  /** Of the signature; SHA-256 by default. */
  readonly hash?: 'sha1';
  /** Extended key usages as dotted numbers, in place of those of its use; an empty list leaves the extension out. */
  readonly usages?: readonly string[];
  /** A server's or client's certificate that says it may sign others. */
  readonly mayIssue?: true;
  /** The bytes of the serial number, as they are. */
  readonly serial?: Buffer;
  /** A common name that stands before the other. */
  readonly firstName?: string;
  /** Says the same extension again. */
  readonly extensionTwice?: true;
  /** An authority that may issue, and nothing below it. */
  readonly pathLength?: number;
}

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** Makes a certificate with a fresh key, signed by the issuer, or by itself where there is none. */
export function createCertificate(fields: CertificateFields, issuer?: Certificate): Certificate {
  const { keyType = 'P-256' } = fields;
  const { publicKey, privateKey } = keyType === 'P-256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: keyType === 'RSA' ? 2048 : 1024 });
  return certify(fields, publicKey, privateKey, issuer);
}

/** Another certificate for the same key, signed by itself: an authority that was renewed. */
export function reissued({ key }: Certificate, fields: CertificateFields): Certificate {
  return certify(fields, createPublicKey(key), createPrivateKey(key));
}

function certify(fields: CertificateFields, publicKey: KeyObject, privateKey: KeyObject, issuer?: Certificate): Certificate {
  const issuerKey = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const subject = nameOf(fields);
  const algorithm = signatureAlgorithm(issuerKey, fields.hash);
  const body = sequence(
    context(0, integer(Buffer.of(2))),
    fields.serial === undefined ? integer(randomBytes(16)) : element(0x02, fields.serial),
    algorithm,
    issuer === undefined ? subject : subjectOf(issuer),
    sequence(time(fields.notBefore ?? new Date(Date.now() - 5 * MINUTE)), time(fields.notAfter ?? new Date(Date.now() + YEAR))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensionsOf(fields, publicKey, createPublicKey(issuerKey)))),
  );
  const der = sequence(body, algorithm, bitString(sign(fields.hash ?? 'sha256', body, issuerKey)));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/** A PKCS #10 request (RFC 2986) for a name, PEM. */
export function createRequest(fields: Pick<CertificateFields, 'commonName' | 'organizations'>): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(integer(Buffer.of(0)), nameOf(fields), publicKey.export({ type: 'spki', format: 'der' }), context(0, Buffer.alloc(0)));
  const der = sequence(body, signatureAlgorithm(privateKey), bitString(sign('sha256', body, privateKey)));
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE REQUEST-----\n`;
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const USAGES = { server: [SERVER_AUTH], client: [CLIENT_AUTH], both: [SERVER_AUTH, CLIENT_AUTH] } as const;

function extensionsOf(fields: CertificateFields, publicKey: KeyObject, issuerKey: KeyObject): Buffer[] {
  const { use, names = [], pathLength } = fields;
  const isAuthority = use === 'authority' || fields.mayIssue === true;
  const usages = fields.usages ?? (use === 'authority' ? [] : USAGES[use]);
  return [
    // keyCertSign and cRLSign, or digitalSignature and keyEncipherment
    extension('2.5.29.15', true, element(0x03, isAuthority ? Buffer.of(1, 0x06) : Buffer.of(5, 0xa0))),
    extension('2.5.29.19', true, sequence(...(isAuthority ? [element(0x01, Buffer.of(0xff))] : []), ...(pathLength === undefined ? [] : [integer(Buffer.of(pathLength))]))),
    extension('2.5.29.14', false, element(0x04, keyIdentifier(publicKey))),
    extension('2.5.29.35', false, sequence(element(0x80, keyIdentifier(issuerKey)))),
    ...(usages.length === 0 ? [] : [extension('2.5.29.37', false, sequence(...usages.map(objectId)))]),
    ...(fields.extensionTwice === true ? [extension('2.5.29.14', false, element(0x04, keyIdentifier(publicKey)))] : []),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, sequence(...names.map(alternativeName)))]),
  ];
}

/** Organizations before the common name, as Go's library writes them. */
function nameOf({ commonName, firstName, organizations = [] }: Pick<CertificateFields, 'commonName' | 'firstName' | 'organizations'>): Buffer {
  const attribute = (id: string, value: string): Buffer => element(0x31, sequence(objectId(id), element(0x0c, Buffer.from(value))));
  return sequence(...organizations.map(value => attribute('2.5.4.10', value)), ...(firstName === undefined ? [] : [attribute('2.5.4.3', firstName)]), attribute('2.5.4.3', commonName));
}

/** The subject's own bytes, since the issuer of one certificate has to equal the subject of the other. */
function subjectOf({ certificate }: Certificate): Buffer {
  const der = Buffer.from(certificate.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const fields = childrenOf(childrenOf(der)[0] ?? Buffer.alloc(0));
  return fields[5] ?? Buffer.alloc(0);
}

function childrenOf(der: Buffer): Buffer[] {
  const children: Buffer[] = [];
  const end = endOf(der, 0);
  for (let at = contentStart(der, 0); at < end; at = endOf(der, at)) children.push(der.subarray(at, endOf(der, at)));
  return children;
}

function contentStart(der: Buffer, at: number): number {
  const first = der[at + 1] ?? 0;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

function endOf(der: Buffer, at: number): number {
  const first = der[at + 1] ?? 0;
  const start = contentStart(der, at);
  return start + (first < 0x80 ? first : der.readUIntBE(at + 2, first & 0x7f));
}

/** ECDSA or RSA, as the signing key is. RSA's identifier carries a null, ECDSA's nothing. */
function signatureAlgorithm(key: KeyObject, hash: 'sha1' | 'sha256' = 'sha256'): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(objectId(hash === 'sha1' ? '1.2.840.113549.1.1.5' : '1.2.840.113549.1.1.11'), element(0x05, Buffer.alloc(0)))
    : sequence(objectId(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
}

/** RFC 5280, 4.2.1.2 (1): SHA-1 of the key's bits, the second part of its SubjectPublicKeyInfo. */
function keyIdentifier(key: KeyObject): Buffer {
  const bits = childrenOf(key.export({ type: 'spki', format: 'der' }))[1] ?? Buffer.alloc(0);
  return createHash('sha1').update(bits.subarray(contentStart(bits, 0) + 1)).digest();
}

function alternativeName(name: string): Buffer {
  const family = isIP(name);
  if (family === 0) return element(0x82, Buffer.from(name));
  if (family === 4) return element(0x87, Buffer.from(name.split('.').map(Number)));
  const [left, right] = name.split('::').map(half => half.split(':').filter(group => group !== ''));
  const missing = Array<string>(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill('0');
  const groups = [...(left ?? []), ...missing, ...(right ?? [])];
  return element(0x87, Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex'));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(isCritical ? [element(0x01, Buffer.of(0xff))] : []), element(0x04, value));
}

/** DER: a tag, the length, the content. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(contents));
}

function context(number: number, content: Buffer): Buffer {
  return element(0xa0 | number, content);
}

function bitString(content: Buffer): Buffer {
  return element(0x03, Buffer.concat([Buffer.of(0), content]));
}

/** Positive and as short as it can be: no leading zero but the one that keeps the sign bit free. */
function integer(bytes: Buffer): Buffer {
  const significant = bytes.subarray(Math.max(bytes.findIndex(byte => byte !== 0), 0));
  return element(0x02, (significant[0] ?? 0) < 0x80 ? significant : Buffer.concat([Buffer.of(0), significant]));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap(part => {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return element(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

/** UTCTime to 2049, GeneralizedTime from 2050. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}
