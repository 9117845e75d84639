import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Kinds of key and signature that openssl makes, and the oddities that old programs made. */
const KINDS: readonly (readonly [name: string, key: readonly string[], more?: readonly string[]])[] = [
  ['rsa', ['rsa:2048']],
  ['rsa-md5', ['rsa:1024'], ['-md5']],
  ['rsa-sha1', ['rsa:1024'], ['-sha1']],
  ['pss-signature', ['rsa:2048'], ['-sigopt', 'rsa_padding_mode:pss', '-sha384']],
  ['p256', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['-addext', 'subjectAltName=DNS:*.a.example,IP:127.0.0.1,IP:fd00::1,URI:spiffe://a,email:a@b,otherName:1.2.3;UTF8:x,dirName:dir', '-addext', 'extendedKeyUsage=clientAuth,serverAuth,1.2.3.4']],
  ['p384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
  ['p521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521']],
  ['explicit', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit']],
  ['ed25519', ['ed25519']],
  ['ed448', ['ed448']],
];

/** Certificates and a request in DER, real ones, by what is special about them. */
export function certificateCorpus(): ReadonlyMap<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'secaudit-fuzz-'));
  try {
    const openssl = (...args: readonly string[]): void => {
      execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    };
    const corpus = new Map<string, Buffer>();
    for (const [name, key, more = []] of KINDS) {
      const subject = ['-subj', `/C=DE/O=one/O=zwei é/CN=first/CN=${name}`, '-config', '/dev/null'];
      const names = more.includes('-addext') ? ['-addext', 'keyUsage=digitalSignature'] : [];
      // dirName needs a section of a file; without one that name is left out.
      const words = more.map(word => word.replace(',dirName:dir', ''));
      openssl('req', '-x509', '-newkey', ...key, '-nodes', '-keyout', 'key', '-out', name, '-outform', 'DER', '-days', '10', '-utf8', ...subject, ...names, ...words);
      corpus.set(name, readFileSync(join(folder, name)));
    }
    // Nothing but ASCII in their names, so that no reader has to ask OpenSSL about them; the more of them, the more changed ones too.
    for (const key of [['rsa:2048'], ['rsa:1024'], ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521']]) {
      const name = `usual ${key.at(-1) ?? ''}`;
      openssl('req', '-x509', '-newkey', ...key, '-nodes', '-keyout', 'key', '-out', name, '-outform', 'DER', '-days', '10', '-subj', '/C=DE/O=system:nodes/OU=b/serialNumber=7/DC=example/UID=u/CN=system:node:a b', '-config', '/dev/null', '-addext', 'subjectAltName=DNS:a.example', '-addext', 'keyUsage=critical,digitalSignature');
      corpus.set(name, readFileSync(join(folder, name)));
    }
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key', '-out', 'request', '-outform', 'DER', '-subj', '/O=system:nodes/CN=system:node:a', '-config', '/dev/null');
    corpus.set('request', readFileSync(join(folder, 'request')));
    openssl('dsaparam', '-genkey', '-out', 'dsa', '1024');
    openssl('req', '-x509', '-new', '-key', 'dsa', '-out', 'dsa.der', '-outform', 'DER', '-days', '10', '-subj', '/CN=dsa', '-config', '/dev/null');
    corpus.set('dsa', readFileSync(join(folder, 'dsa.der')));
    const plain = corpus.get('p256') ?? Buffer.alloc(0);
    corpus.set('negative serial', resigned({ serial: Buffer.of(0xff, 0x01) }));
    corpus.set('no serial', resigned({ serial: Buffer.alloc(0) }));
    corpus.set('version 1', resigned({ version: false }));
    corpus.set('no name', resigned({ subject: Buffer.of(0x30, 0) }));
    corpus.set('indefinite length', Buffer.concat([Buffer.of(0x30, 0x80), plain.subarray(4), Buffer.of(0, 0)]));
    corpus.set('trailing bytes', Buffer.concat([plain, Buffer.from('trailing')]));
    return corpus;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const element = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.length < 0x80 ? [content.length] : content.length < 0x100 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
};

/** What no tool writes any more, with a signature that is right. */
function resigned({ serial = Buffer.of(1), version = true, subject = element(0x30, element(0x31, element(0x30, Buffer.from('0603550403', 'hex'), element(0x0c, Buffer.from('odd'))))) }: { readonly serial?: Buffer; readonly version?: boolean; readonly subject?: Buffer }): Buffer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = element(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
  const time = (text: string): Buffer => element(0x17, Buffer.from(text));
  const body = element(0x30, ...(version ? [element(0xa0, element(0x02, Buffer.of(2)))] : []), element(0x02, serial), algorithm, subject, element(0x30, time('250101000000Z'), time('350101000000Z')), subject, publicKey.export({ type: 'spki', format: 'der' }));
  return element(0x30, body, algorithm, element(0x03, Buffer.of(0), sign('sha256', body, privateKey)));
}
