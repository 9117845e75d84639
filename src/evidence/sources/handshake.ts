import { certificateFacts, type CertificateFacts } from '../certificate-facts.ts';
import { formatDistinguishedName } from '../distinguished-name.ts';
import type { RawHandshake } from '../raw-handshake.ts';
import type { Source } from '../source.ts';

/** What the API server that answered shows to anybody, without a login. */
export interface Handshake {
  /** The certificate that it serves with, and those that it sends along. */
  readonly serving: readonly CertificateFacts[];
  /** What it serves itself with (`apiserver-loopback-client`); made at its start, and valid for a year. */
  readonly loopback: { readonly chain: readonly CertificateFacts[] } | { readonly unknown: string };
  /** Whose client certificates it takes. No names at all: it asks for none, or takes any and decides later. */
  readonly clientAuthorities: { readonly names: readonly string[] } | { readonly unknown: string };
  /** What it answers to GET /version without a credential. */
  readonly anonymousVersion: { readonly status: number; readonly gitVersion?: string } | { readonly unknown: string };
}

export const apiServerHandshake: Source<Handshake> = {
  type: 'source',
  id: 'apiserverhandshake',
  title: 'handshake of the API server',
  projectionVersion: 1,
  read: { how: 'handshake', parse: readHandshake },
  permissions: [],
  skippedWithNamespace: false,
};

/** @throws {Error} a certificate or a name that is none */
function readHandshake(raw: RawHandshake): Handshake {
  const { serving, loopback, clientAuthorities, anonymousVersion } = raw;
  return {
    serving: serving.map(certificateFacts),
    loopback: 'chain' in loopback ? { chain: loopback.chain.map(certificateFacts) } : loopback,
    clientAuthorities: 'names' in clientAuthorities ? { names: clientAuthorities.names.map(formatDistinguishedName) } : clientAuthorities,
    anonymousVersion: 'status' in anonymousVersion ? { status: anonymousVersion.status, ...gitVersionIn(anonymousVersion.body) } : anonymousVersion,
  };
}

function gitVersionIn(body: string): { readonly gitVersion?: string } {
  const [, gitVersion] = /"gitVersion":\s*"(v\d[\w.+-]{0,60})"/.exec(body) ?? [];
  return gitVersion === undefined ? {} : { gitVersion };
}
