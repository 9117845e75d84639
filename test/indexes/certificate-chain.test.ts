import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { authorityOf } from '../../src/indexes/certificate-chain.ts';
import { createCertificate } from '../support/certificates.ts';
import { keptCertificate } from '../../src/evidence/certificate-facts.ts';
import type { Made } from '../support/pki.ts';
import type { Certificate, CertificateFields } from '../support/certificates.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'secaudit-chain-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** Valid today, since openssl judges by its own clock. */
function made(fields: CertificateFields, issuer?: Certificate): Made {
  const certificate = createCertificate(fields, issuer);
  return { ...certificate, kept: keptCertificate(Buffer.from(certificate.certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')) };
}

const root = made({ commonName: 'root', use: 'authority' });
const impostor = made({ commonName: 'root', use: 'authority' });
const first = made({ commonName: 'first', use: 'authority' }, root);
const second = made({ commonName: 'second', use: 'authority' }, first);
const ofImpostor = made({ commonName: 'first', use: 'authority' }, impostor);
const leaf = made({ commonName: 'ana', use: 'client' }, second);
const direct = made({ commonName: 'ana', use: 'client' }, root);
const byLeaf = made({ commonName: 'eve', use: 'client' }, direct);

/** What openssl says of the same chain: it takes only whole chains up to a root here. */
function isVerified(certificate: Made, authorities: readonly Made[], intermediates: readonly Made[]): boolean {
  const file = (name: string, all: readonly Made[]): string => {
    const target = path.join(folder, name);
    writeFileSync(target, all.map(each => each.certificate).join(''));
    return target;
  };
  const untrusted = intermediates.length === 0 ? [] : ['-untrusted', file('intermediates.crt', intermediates)];
  try {
    execFileSync('openssl', ['verify', '-purpose', 'sslclient', '-CAfile', file('roots.crt', authorities), ...untrusted, file('leaf.crt', [certificate])], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe('authorityOf says what openssl verify says', () => {
  it.each<[name: string, certificate: Made, authorities: readonly Made[], intermediates: readonly Made[], expected: boolean]>([
    ['an authority that issued it', direct, [root], [], true],
    ['two intermediates, in any order', leaf, [root], [second, first], true],
    ['two intermediates, the other way round', leaf, [root], [first, second], true],
    ['the upper one is missing', leaf, [root], [second], false],
    ['the lower one is missing', leaf, [root], [first], false],
    ['a root of the same name and another key', leaf, [impostor], [second, first], false],
    ['an intermediate of the same name and another key', leaf, [root], [second, ofImpostor], false],
    ['beside the right one', leaf, [root], [second, ofImpostor, first], true],
    ['an intermediate that may sign nothing', byLeaf, [root], [direct], false],
  ])('%s', (_name, certificate, authorities, intermediates, expected) => {
    const found = authorityOf(certificate.kept, authorities.map(({ kept }) => kept), intermediates.map(({ kept }) => kept), 'client');
    expect({ ours: found !== undefined, openssl: isVerified(certificate, authorities, intermediates) }).toEqual({ ours: expected, openssl: expected });
  });

  it('takes every member of a bundle for a root, as Go does', () => {
    expect(authorityOf(leaf.kept, [second.kept], [], 'client')?.sha256).toBe(second.kept.sha256);
  });
  it('comes to an end where authorities signed each other', () => {
    const ring = [second.kept, first.kept, root.kept, impostor.kept];
    expect(authorityOf(leaf.kept, [impostor.kept], ring, 'client')).toBeUndefined();
  });
});
