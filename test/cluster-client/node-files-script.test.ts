import { execFile, execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_FILES_SCRIPT } from '../../src/cluster/node-files-script.ts';
import { parseNodeFiles, type NodeFile } from '../../src/evidence/node-files.ts';
import { createCertificate } from '../support/certificates.ts';

/** Shells that an image of a node may have; dash and busybox are the ones that the program is written for. */
const SHELLS = [['dash', ['dash']], ['busybox', ['busybox', 'sh']], ['bash', ['bash']]] as const;
const present = SHELLS.filter(([name]) => ['/usr/bin', '/bin'].some(folder => existsSync(join(folder, name))));

let root: string;
/** On another file system than the directory. */
const outside = `/dev/shm/secaudit-node-files-${process.pid}.crt`;
const keys: string[] = [];
const authority = createCertificate({ commonName: 'kubernetes', use: 'authority' });
const leaf = createCertificate({ commonName: 'system:kube-scheduler', use: 'client' }, authority);

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The numbers that make a key private; the public ones are in its certificate as well. */
function secretParts(pem: string): Buffer[] {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  return [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].flatMap(part => (part === undefined ? [] : [Buffer.from(part, 'base64url')]));
}

/** Pieces of sixteen characters of the base64 of something in the middle of which these bytes stand, at each of its three places. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap(before => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').slice(4, -4);
    return encoded.match(/.{16}/g) ?? [];
  });
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'secaudit-node-files-'));
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  for (const [name, ...kind] of [['rsa', 'rsa:2048'], ['ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['ed', 'ed25519']] as const) {
    const key = join(root, `${name}.key`);
    openssl('req', '-x509', '-newkey', ...kind, '-nodes', '-keyout', key, '-out', join(root, `${name}.crt`), '-days', '10', '-subj', `/CN=${name}`);
    const text = readFileSync(key, 'utf8');
    keys.push(text);
    // Under a name that is opened, and under labels that lie.
    write(`keys/${name}.pem`, text);
    write(`keys/${name}-called-certificate.crt`, text.replaceAll('PRIVATE KEY', 'CERTIFICATE'));
    // Ed25519 has no older form.
    const traditional = openssl('pkey', '-in', key, ...(name === 'ed' ? [] : ['-traditional']));
    keys.push(traditional);
    write(`keys/${name}-traditional.pem`, traditional);
    write(`keys/${name}-traditional.crt`, traditional.replaceAll(/(RSA |EC )?PRIVATE KEY/g, 'CERTIFICATE'));
    write(`both/${name}-before.pem`, `${text}${readFileSync(join(root, `${name}.crt`), 'utf8')}`);
    write(`both/${name}-behind.pem`, `${readFileSync(join(root, `${name}.crt`), 'utf8').trimEnd()}${text}`);
    for (const offset of ['', ' ', '  ']) write(`both/${name}-${offset.length}.conf`, `users:\n- user:\n    client-certificate-data: ${base64(`${offset}${leaf.certificate}${offset}${text}`)}\n`);
  }
  write('pki/ca.crt', authority.certificate);
  write('pki/bundle.crt', `\ufeff# two of them\n${authority.certificate.replaceAll('\n', '\r\n').trimEnd()}${leaf.certificate}`);
  write('pki/indented.pem', leaf.certificate.replaceAll(/^/gm, '  \t'));
  write('pki/open.crt', authority.certificate.slice(0, 300));
  write('pki/garbage.crt', '-----BEGIN CERTIFICATE-----\nnot base64 at all!\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
  write('scheduler.conf', `apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: ${base64(authority.certificate)}\nusers:\n- name: s\n  user:\n    client-certificate-data: "${base64(leaf.certificate)}"\n    client-key-data: ${base64(leaf.key)}\n`);
  keys.push(leaf.key);
  write('kubelet.conf', 'users:\n- name: default-auth\n  user:\n    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n    client-key: /var/lib/kubelet/pki/kubelet-client-current.pem\n');
  write('pretty.json', JSON.stringify({ users: [{ user: { 'client-certificate-data': base64(leaf.certificate), 'client-key-data': base64(leaf.key) } }] }, undefined, 2));
  write('one-line.json', JSON.stringify({ users: [{ user: { 'client-certificate-data': base64(leaf.certificate), 'client-key-data': base64(leaf.key) } }] }));
  for (const name of ['new\nline', '$(touch owned)', '`touch owned`', '-n', 'é😀', ' blank ', 'F forged', '%0a', '*', '\\']) write(`names/${name}.crt`, authority.certificate);
  write('a/b/c/deep.crt', authority.certificate);
  write('huge.crt', Buffer.alloc(1024 * 1024, 'A'));
  write('binary.db', Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 256)));
  execFileSync('mkfifo', [join(root, 'fifo.crt')]);
  symlinkSync('loop', join(root, 'loop'));
  symlinkSync('.', join(root, 'around'));
  symlinkSync(join(root, 'both/ec-before.pem'), join(root, 'current.pem'));
  writeFileSync(outside, authority.certificate);
  symlinkSync(outside, join(root, 'outside.crt'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(outside, { force: true });
});

async function run([program, ...first]: readonly string[], depth: number, path = root, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(program ?? '', [...first, '-c', NODE_FILES_SCRIPT, 'secaudit', String(depth), path], { env: { PATH: process.env['PATH'], LC_ALL: 'C', ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 });
  return stdout;
}

it('is tried by the shells that it is written for', () => {
  expect(present.map(([name]) => name)).toEqual(expect.arrayContaining(['dash', 'busybox']));
});

describe.each(present)('the program under %s', (_name, shell) => {
  let log: string;
  let files: ReadonlyMap<string, NodeFile>;
  const fileAt = (path: string): NodeFile => files.get(join(root, path))!;
  const namesIn = (path: string): (string | undefined)[] => fileAt(path).certificates.certificates.map(({ commonName }) => commonName);
  beforeAll(async () => {
    log = await run(shell, 3);
    files = new Map(parseNodeFiles(log).files.map(file => [file.path, file]));
  });

  it('lets no byte of a key out, in whatever file and under whatever label', () => {
    // Lines joined as they would be to decode them, and what stands in values of kubeconfigs.
    const values = [...log.matchAll(/^[ua] (.*)$/gm)].map(([, value = '']) => Buffer.from(value, 'base64').toString('latin1'));
    const text = [log, ...values].join('\n').replaceAll(/\n=?/g, '');
    const secrets = keys.flatMap(secretParts);
    expect(secrets.length).toBeGreaterThan(15);
    for (const secret of secrets) for (const piece of inBase64(secret)) expect(text.includes(piece)).toBe(false);
    // The test can fail: of what is no secret it finds every piece.
    const { der } = fileAt('pki/ca.crt').certificates.certificates[0]!;
    expect(inBase64(Buffer.from(der, 'base64')).some(piece => text.includes(piece))).toBe(true);
    expect(log).not.toMatch(/PRIVATE|UFJJVkFURS|BSSVZBVE|QUklWQVRF/);
  });

  it('gives the certificates, whatever stands around them', () => {
    expect(namesIn('pki/ca.crt')).toEqual(['kubernetes']);
    expect(namesIn('pki/bundle.crt')).toEqual(['kubernetes', 'system:kube-scheduler']);
    expect(namesIn('pki/indented.pem')).toEqual(['system:kube-scheduler']);
    for (const kind of ['rsa', 'ec', 'ed']) {
      expect(namesIn(`both/${kind}-before.pem`)).toEqual([kind]);
      expect(namesIn(`both/${kind}-behind.pem`)).toEqual([kind]);
    }
    const sha256 = openssl('x509', '-in', join(root, 'pki/ca.crt'), '-noout', '-fingerprint', '-sha256').trim().split('=')[1]?.replaceAll(':', '').toLowerCase();
    expect(fileAt('pki/ca.crt').certificates.certificates[0]?.sha256).toBe(sha256);
  });

  it('says what should be a certificate and is none', () => {
    expect(fileAt('pki/open.crt').certificates).toMatchObject({ certificates: [], malformed: [{ index: 0 }] });
    expect(fileAt('pki/garbage.crt').certificates).toMatchObject({ certificates: [], malformed: [{ index: 0 }, { index: 1 }] });
    expect(fileAt('keys/rsa-called-certificate.crt').certificates).toMatchObject({ certificates: [], malformed: [{ index: 0 }] });
  });

  it('reads kubeconfigs', () => {
    expect(fileAt('scheduler.conf')).toMatchObject({ kind: 'kubeconfig', certificates: { certificates: [{ commonName: 'system:kube-scheduler' }] }, authorities: { certificates: [{ commonName: 'kubernetes' }] } });
    expect(fileAt('kubelet.conf')).toMatchObject({ kind: 'kubeconfig', clientCertificatePaths: ['/var/lib/kubelet/pki/kubelet-client-current.pem'] });
    expect(namesIn('pretty.json')).toEqual(['system:kube-scheduler']);
    expect(fileAt('one-line.json').certificates.malformed).toHaveLength(1);
  });

  it('keeps hostile names apart', () => {
    expect([...files.keys()].filter(path => path.includes('/names/')).map(path => path.slice(root.length)).sort()).toEqual(
      ['new\nline', '$(touch owned)', '`touch owned`', '-n', 'é😀', ' blank ', 'F forged', '%0a', '*', '\\'].map(name => `/names/${name}.crt`).sort());
    expect(existsSync('owned')).toBe(false);
  });

  it('follows links only where they stay', () => {
    expect(namesIn('current.pem')).toEqual(['ec']);
    expect(files.has(outside)).toBe(false);
    expect(files.has(join(root, 'outside.crt'))).toBe(false);
    const { unread } = parseNodeFiles(log);
    expect(unread).toEqual(expect.arrayContaining([
      { path: join(root, 'outside.crt'), because: 'leadsOut' }, { path: join(root, 'around'), because: 'leadsOut' }, { path: join(root, 'huge.crt'), because: 'long' },
    ]));
  });

  it('goes so deep and no deeper', async () => {
    expect(files.has(join(root, 'a/b/c/deep.crt'))).toBe(false);
    expect((await run(shell, 4))).toContain('/a/b/c/deep.crt');
  });

  it('stops at a bound, and says so', async () => {
    const many = mkdtempSync(join(tmpdir(), 'secaudit-many-'));
    for (let at = 0; at < 310; at += 1) mkdirSync(join(many, `d${at}`));
    const directories = parseNodeFiles(await run(shell, 3, many));
    rmSync(many, { recursive: true });
    expect(directories).toEqual({ files: [], unread: [], isCut: true });
  });

  it('says of a directory that is not there that it cannot be opened', async () => {
    expect(parseNodeFiles(await run(shell, 1, join(root, 'missing'))).unread).toEqual([{ path: join(root, 'missing'), because: 'refused' }]);
  });

  it('needs nothing beside the shell', async () => {
    const bare = parseNodeFiles(await runWithout(shell));
    expect(bare.files.find(({ path }) => path === join(root, 'pki/ca.crt'))?.certificates.certificates).toHaveLength(1);
  });

  /** With a PATH that leads nowhere, as in an image of a shell alone. */
  function runWithout([program = '', ...words]: readonly string[]): Promise<string> {
    return run([execFileSync('which', [program], { encoding: 'utf8' }).trim(), ...words], 3, join(root, 'pki'), { PATH: '/nonexistent' });
  }

  it('is not fooled by a log that was cut off or put together', () => {
    expect(() => parseNodeFiles(log.slice(0, -10))).toThrow('the last line is missing');
    expect(() => parseNodeFiles(log.slice(30))).toThrow('the first line');
    expect(() => parseNodeFiles(log.replace('\nZ\n', '\nF ../../x y\nZ\n'))).toThrow('not encoded');
    expect(() => parseNodeFiles(log.replace('\nZ\n', '\nhello\nZ\n'))).toThrow('no known kind');
  });
});
