import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateFacts, keptCertificate } from '../../src/evidence/certificate-facts.ts';
import { certificatesInPem } from '../../src/evidence/pem.ts';
import { isUsualCertificate } from '../../src/evidence/usual-certificate.ts';
import { requestFacts } from '../../src/evidence/signing-request.ts';
import { createCertificate } from '../support/certificates.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secaudit-certificates-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function openssl(...words: readonly string[]): string {
  return execFileSync('openssl', words, { encoding: 'utf8', cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** A self-signed certificate that openssl makes. */
function made(name: string, key: readonly string[], ...words: readonly string[]): string {
  openssl('req', '-x509', '-newkey', ...key, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '10', '-subj', `/O=system:nodes/O=second/CN=first/CN=${name}`, ...words);
  return readFileSync(join(folder, `${name}.crt`), 'utf8');
}

/** One answer of openssl x509, without what stands before the first equals sign. */
function said(name: string, ...words: readonly string[]): string {
  return openssl('x509', '-in', `${name}.crt`, '-noout', ...words).trim().replace(/^[^=]*=/, '');
}

const KEYS: readonly (readonly [name: string, key: readonly string[], keyType: string, bits: number, signature: string, words: readonly string[]])[] = [
  ['rsa2048', ['rsa:2048'], 'RSA 2048', 2048, 'RSA SHA-256', []],
  ['rsa1024', ['rsa:1024'], 'RSA 1024', 1024, 'RSA SHA-1', ['-sha1']],
  ['p256', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'P-256', 256, 'ECDSA SHA-256', []],
  ['p384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'P-384', 384, 'ECDSA SHA-384', ['-sha384']],
  ['p521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'P-521', 521, 'ECDSA SHA-512', ['-sha512']],
  ['p224', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp224r1'], 'P-224', 224, 'ECDSA SHA-256', []],
  ['ed25519', ['ed25519'], 'Ed25519', 256, 'Ed25519', []],
  ['pss', ['rsa:2048'], 'RSA 2048', 2048, 'RSA-PSS SHA-384', ['-sigopt', 'rsa_padding_mode:pss', '-sha384']],
  ['psskey', ['rsa-pss'], 'RSA-PSS 2048', 2048, 'RSA-PSS SHA-256', []],
];

describe('what openssl says of its own certificates', () => {
  it.each(KEYS)('%s', (name, key, keyType, keyBits, signature, words) => {
    const text = made(name, key, '-addext', 'subjectAltName=DNS:a.example,IP:127.0.0.1,IP:fd00::1,URI:spiffe://a,email:a@b', '-addext', 'extendedKeyUsage=clientAuth,serverAuth', ...words);
    const { certificates: [facts], malformed } = certificatesInPem(text);
    expect(malformed).toEqual([]);
    expect(facts).toMatchObject({
      commonName: name, organizations: ['system:nodes', 'second'], keyType, keyBits, signature, isAuthority: true, usages: ['client', 'server'],
      names: ['DNS:a.example', 'IP:127.0.0.1', 'IP:FD00:0:0:0:0:0:0:1', 'URI:spiffe://a', 'email:a@b'],
      serial: said(name, '-serial'),
      sha256: said(name, '-fingerprint', '-sha256').replaceAll(':', '').toLowerCase(),
      subjectKeyId: said(name, '-ext', 'subjectKeyIdentifier').split('\n').at(-1)?.trim().replaceAll(':', '').toLowerCase(),
    });
    expect(Date.parse(facts?.notAfter ?? '')).toBe(Date.parse(said(name, '-enddate')));
    expect(Date.parse(facts?.notBefore ?? '')).toBe(Date.parse(said(name, '-startdate')));
    expect(new X509Certificate(Buffer.from(facts?.der ?? '', 'base64')).fingerprint256).toBe(said(name, '-fingerprint', '-sha256'));
  });

  it('what has no common name, no names and no limits', () => {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'bare.key', '-out', 'bare.crt', '-subj', '/O=only');
    const { certificates: [facts] } = certificatesInPem(readFileSync(join(folder, 'bare.crt'), 'utf8'));
    expect(facts).toMatchObject({ subject: 'O=only', organizations: ['only'], names: [] });
    expect(facts).not.toHaveProperty('commonName');
    expect(facts).not.toHaveProperty('usages');
  });

  it('the uid of a user, several values in one set, and text that is not ASCII', () => {
    // -subj takes no attribute that openssl has no name for.
    writeFileSync(join(folder, 'odd.cnf'), 'oid_section=oids\n[oids]\nkubernetesUid=1.3.6.1.4.1.57683.2\n[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\n[dn]\nO=one\n+O=zwei é\nCN=\\$(touch owned), x\nkubernetesUid=u-1\n');
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'odd.key', '-out', 'odd.crt', '-config', 'odd.cnf');
    const { certificates: [facts] } = certificatesInPem(readFileSync(join(folder, 'odd.crt'), 'utf8'));
    expect(facts).toMatchObject({ commonName: '$(touch owned), x', uid: 'u-1' });
    expect(facts?.organizations.toSorted()).toEqual(['one', 'zwei é']);
  });
});

describe('texts that hold certificates', () => {
  const own = (commonName: string): string => createCertificate({ commonName, use: 'authority' }).certificate;
  const names = (text: string): (string | undefined)[] => certificatesInPem(text).certificates.map(({ commonName }) => commonName);
  const a = own('a');
  const b = own('b');

  it.each([
    ['a bundle', a + b],
    ['an end and a beginning on one line', a.trim() + b],
    ['indented, as pasted into YAML', (a + b).replaceAll(/^/gm, '    ')],
    ['with carriage returns', (a + b).replaceAll('\n', '\r\n')],
    ['with a byte order mark and words between', `\ufeffIssuer: x\n${a}and\n${b}`],
    ['without any line break', (a + b).replaceAll('\n', '')],
    ['under openssl\'s own label', (a + b).replaceAll(' CERTIFICATE', ' X509 CERTIFICATE')],
  ])('%s', (_name, text) => {
    expect(names(text)).toEqual(['a', 'b']);
    expect(certificatesInPem(text).malformed).toEqual([]);
  });

  it('never decode a private key', () => {
    const { certificate, key } = createCertificate({ commonName: 'a', use: 'client' });
    const bundle = certificatesInPem(key + certificate);
    expect(bundle).toMatchObject({ certificates: [{ commonName: 'a' }], malformed: [] });
    const [, secret = ''] = key.split('\n');
    expect(JSON.stringify(bundle)).not.toContain(secret.slice(0, 30));
  });

  it.each([
    ['cut off inside', a.slice(0, 200), 'the block has no end'],
    ['a beginning inside another', a.slice(0, 200) + b, 'the block has no end'],
    ['no base64', '-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----', 'the block is not base64'],
    ['half a certificate', `-----BEGIN CERTIFICATE-----\n${a.split('\n').slice(1, 4).join('\n')}\n-----END CERTIFICATE-----`, 'the block holds no certificate'],
  ])('say what is wrong: %s', (_name, text, problem) => {
    expect(certificatesInPem(text).malformed).toEqual([{ index: 0, problem }]);
  });

  it('are cut off without waiting for hours', () => {
    const begun = performance.now();
    const { malformed } = certificatesInPem('-----BEGIN CERTIFICATE-----\n'.repeat(200_000));
    expect(malformed).toHaveLength(1001);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('in base64 without the signs that fill it up, or in lines of any length', () => {
    const base64 = a.replaceAll(/-----[^-]*-----|\s/g, '');
    for (const body of [base64.replaceAll('=', ''), base64, base64.replaceAll(/.{1,7}/g, '$&\r\n'), base64.replaceAll(/.{1,100}/g, '$&\v\n')]) {
      expect(certificatesInPem(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`)).toMatchObject({ certificates: [{ commonName: 'a' }], malformed: [] });
    }
  });

  it('say nothing of what comes behind a certificate in its block', () => {
    const der = Buffer.concat([Buffer.from(a.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64'), Buffer.from('trailing secret')]);
    const kept = keptCertificate(der);
    expect(Buffer.from(kept.der, 'base64').includes('trailing')).toBe(false);
    expect(kept.sha256).toBe(certificatesInPem(a).certificates[0]?.sha256);
  });
});

describe('hostile bytes', () => {
  const good = [createCertificate({ commonName: 'x', organizations: ['system:masters'], names: ['a', '::1'], use: 'both' }), createCertificate({ commonName: 'y', use: 'authority', keyType: 'RSA' })]
    .map(({ certificate }) => Buffer.from(certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64'));

  /** Either facts or an Error: nothing else, and soon. */
  function reads(bytes: Uint8Array): void {
    try {
      expect(certificateFacts(bytes).sha256).toMatch(/^[0-9a-f]{64}$/);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }

  it('random ones', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), reads), { numRuns: 2000 });
  });

  it('a certificate with bytes changed, cut or added', () => {
    const mutated = fc.tuple(fc.constantFrom(...good), fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }), fc.option(fc.nat(2000), { nil: undefined })).map(([der, changes, cut]) => {
      const bytes = Uint8Array.from(der);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return cut === undefined ? bytes : bytes.subarray(0, cut % bytes.length);
    });
    fc.assert(fc.property(mutated, reads), { numRuns: 5000 });
  });

  it('texts with marks in any order', () => {
    const part = fc.constantFrom('-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '-----BEGIN PRIVATE KEY-----', '\n', 'AAAA', '====', good[0]?.toString('base64') ?? '');
    fc.assert(fc.property(fc.array(part, { maxLength: 30 }), parts => {
      const { certificates, malformed } = certificatesInPem(parts.join(''));
      expect(certificates.length + malformed.length).toBeLessThanOrEqual(30);
    }), { numRuns: 2000 });
  });
});

/** With the DER of what openssl made, from its own file. */
function derOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
}

describe('a certificate that need not be asked about', () => {
  it.each([
    ['RSA', ['rsa:2048'], true], ['P-256', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], true], ['P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], true], ['P-521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], true],
    ['another curve', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], false], ['Ed25519', ['ed25519'], false],
  ] as const)('%s', (name, key, isUsual) => {
    const der = derOf(made(`usual-${name.replaceAll(' ', '-')}`, key));
    expect(isUsualCertificate(der)).toBe(isUsual);
    const said = new X509Certificate(der);
    expect(certificateFacts(der)).toMatchObject({
      subject: said.subject.replaceAll('\n', ', '), issuer: said.issuer.replaceAll('\n', ', '), serial: said.serialNumber,
      notBefore: `${new Date(said.validFrom).toISOString().slice(0, -5)}Z`, notAfter: `${new Date(said.validTo).toISOString().slice(0, -5)}Z`,
    });
  });

  it('ends with its last byte, and is whole', () => {
    const der = derOf(createCertificate({ commonName: 'x', use: 'server' }).certificate);
    expect(isUsualCertificate(der)).toBe(true);
    expect(isUsualCertificate(Buffer.concat([der, Buffer.of(0)]))).toBe(false);
    for (let length = 0; length < der.length; length += 1) expect(isUsualCertificate(der.subarray(0, length))).toBe(false);
  });

  it.each([
    ['2049', new Date('2049-12-31T23:59:59Z')], ['2050', new Date('2050-01-01T00:00:00Z')], ['a leap day', new Date('2028-02-29T12:00:00Z')], ['the last of all', new Date('9999-12-31T23:59:59Z')],
  ])('says when it ends as OpenSSL does: %s', (_name, notAfter) => {
    const der = derOf(createCertificate({ commonName: 'x', use: 'server', notAfter }).certificate);
    expect(isUsualCertificate(der)).toBe(true);
    expect(certificateFacts(der).notAfter).toBe(notAfter.toISOString().replace('.000', ''));
    expect(Date.parse(new X509Certificate(der).validTo)).toBe(notAfter.getTime());
  });

  it.each(['a,b', 'a+b', '#a', ' a', 'a ', 'a\\b', 'a"b', '<a>', 'a;b', 'é', 'a\nb', 'a\u0000b', '', 'a#b', "a'b", 'a=b', 'a/b', '*.a'])('has the name that OpenSSL prints: %j', commonName => {
    const der = derOf(createCertificate({ commonName, use: 'server' }).certificate);
    // Node's own type says that there is always a name; without one it has undefined.
    const lineOf = (name: string | undefined): string => (name ?? '').trim().replaceAll('\n', ', ');
    expect(certificateFacts(der).subject).toBe(lineOf(new X509Certificate(der).subject));
  });
});

describe('a certificate with another one in it, as text', () => {
  it.each([['RSA', ['rsa:2048']], ['Ed25519', ['ed25519']]] as const)('is itself: %s', (name, key) => {
    const other = createCertificate({ commonName: 'other', use: 'authority' }).certificate;
    const text = made(`around-${name}`, key, '-addext', `1.2.3.4=DER:${Buffer.from(`\n${other}`).toString('hex')}`);
    const { certificates: [kept], malformed } = certificatesInPem(text);
    expect(kept?.commonName).toBe(`around-${name}`);
    expect(malformed).toEqual([]);
    expect(keptCertificate(derOf(text)).sha256).toBe(said(`around-${name}`, '-fingerprint', '-sha256').replaceAll(':', '').toLowerCase());
  });
});

describe('dates that are none', () => {
  it('make no certificate', () => {
    const der = Buffer.from(createCertificate({ commonName: 'x', use: 'server' }).certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
    // The first UTCTime: openssl prints `Bad time value` for it, and parses the rest.
    der[der.indexOf(Buffer.from([0x17, 0x0d])) + 5] = 0xb0;
    expect(() => new X509Certificate(der)).not.toThrow();
    expect(() => certificateFacts(der)).toThrow(new Error('a date of the certificate is none'));
  });
});

describe('a request for a certificate', () => {
  it('is read as openssl wrote it', () => {
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'r.key', '-out', 'r.csr', '-subj', '/O=system:nodes/CN=system:node:worker-1');
    const base64 = readFileSync(join(folder, 'r.csr')).toString('base64');
    expect(requestFacts(base64)).toEqual({ subject: 'O=system:nodes, CN=system:node:worker-1', commonName: 'system:node:worker-1', organizations: ['system:nodes'], keyType: 'P-256' });
  });

  it.each(['', 'AAAA', Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----').toString('base64')])('%j is none', text => {
    expect(requestFacts(text)).toBeUndefined();
  });

  it('may be anything', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      const text = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
      requestFacts(Buffer.from(text).toString('base64'));
    }), { numRuns: 2000 });
  });
});
