import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key (PKCS #8), both as PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that can issue certificates. */
export interface Authority extends CertificateAndKey {
  readonly commonName: string;
}

/** When a certificate holds. Both ends may lie in the past or in the future: nothing checks them here. */
export interface Validity {
  /** Default: five minutes ago, as kubeadm backdates. */
  readonly notBefore?: Date | undefined;
  /** Default: in one year; for an authority, in ten. */
  readonly notAfter?: Date | undefined;
}

/** What a certificate says about its holder. */
export interface CertificateRequest extends Validity {
  readonly commonName: string;
  readonly organizations?: readonly string[] | undefined;
  readonly usages: readonly ('client' | 'server')[];
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[] | undefined;
}

const minute = 60_000;
const year = 365 * 24 * 60 * minute;

/** Makes a self-signed authority with a fresh P-256 key. */
export function createAuthority(commonName: string, validity: Validity = {}): Authority {
  const { privateKey, publicKey } = createSigningKey();
  const certificate = signCertificate({
    issuerName: commonName,
    issuerKey: privateKey,
    publicKey,
    subject: name(commonName, []),
    notBefore: validity.notBefore ?? new Date(Date.now() - 5 * minute),
    notAfter: validity.notAfter ?? new Date(Date.now() + 10 * year),
    extensions: [
      extension('2.5.29.15', true, bits(0x06, 1)), // keyCertSign, cRLSign
      extension('2.5.29.19', true, sequence(boolean(true))),
      extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
    ],
  });
  return { commonName, certificate, key: privateKey };
}

/** Issues a certificate for a fresh P-256 key. */
export function issueCertificate(authority: Authority, request: CertificateRequest): CertificateAndKey {
  const { privateKey, publicKey } = createSigningKey();
  const usages = request.usages.map(usage => objectId(usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'));
  const names = request.names ?? [];
  const certificate = signCertificate({
    issuerName: authority.commonName,
    issuerKey: authority.key,
    publicKey,
    subject: name(request.commonName, request.organizations ?? []),
    notBefore: request.notBefore ?? new Date(Date.now() - 5 * minute),
    notAfter: request.notAfter ?? new Date(Date.now() + year),
    extensions: [
      extension('2.5.29.15', true, bits(0x80, 7)), // digitalSignature
      extension('2.5.29.37', false, sequence(...usages)),
      extension('2.5.29.19', true, sequence()),
      extension('2.5.29.35', false, sequence(tagged(0x80, keyIdentifier(publicKeyOf(authority.key))))),
      ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names.map(alternativeName)))] : []),
    ],
  });
  return { certificate, key: privateKey };
}

/** A fresh P-256 key pair as PEM: for service account tokens, and for every certificate here. */
export function createSigningKey(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/** Node reads certificates but cannot write them, so the few DER forms an X.509 certificate takes stand below. */
function signCertificate(fields: {
  readonly issuerName: string;
  readonly issuerKey: string;
  readonly publicKey: string;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}): string {
  const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.of(2))), // version 3
    integer(randomBytes(16)),
    ecdsaWithSha256,
    name(fields.issuerName, []),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    createPublicKey(fields.publicKey).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...fields.extensions)),
  );
  const signature = sign('sha256', toBeSigned, createPrivateKey(fields.issuerKey));
  const der = sequence(toBeSigned, ecdsaWithSha256, tagged(0x03, Buffer.of(0), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 over the key's bits, without the algorithm before them. */
function keyIdentifier(publicKey: string): Buffer {
  const spki = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(spki.subarray(-65)).digest(); // an uncompressed P-256 point has 65 bytes
}

/** Organizations come first, as Go writes them: `openssl x509 -subject` then prints what it prints for kubeadm's. */
function name(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (id: string, value: string): Buffer => tagged(0x31, sequence(objectId(id), utf8(value)));
  return sequence(...organizations.map(value => attribute('2.5.4.10', value)), attribute('2.5.4.3', commonName));
}

function alternativeName(value: string): Buffer {
  if (isIP(value) === 0) return tagged(0x82, Buffer.from(value));
  return tagged(0x87, addressBytes(value));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map(group => parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap(group => [group >> 8, group & 0xff]));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function tagged(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length;
  const header = length < 0x80 ? [tag, length]
    : length < 0x100 ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return tagged(0x30, ...contents);
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.of(value ? 0xff : 0));
}

/** A positive number: a leading zero keeps the first bit from being read as a sign. */
function integer(bytes: Buffer): Buffer {
  const start = bytes.findIndex(byte => byte !== 0);
  const digits = bytes.subarray(start < 0 ? bytes.length - 1 : start);
  return tagged(0x02, ...((digits[0] ?? 0) & 0x80 ? [Buffer.of(0)] : []), digits);
}

function bits(byte: number, unused: number): Buffer {
  return tagged(0x03, Buffer.of(unused, byte));
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function utf8(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime up to 2049, GeneralizedTime from 2050, as RFC 5280 requires. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+Z$/, 'Z').replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}
