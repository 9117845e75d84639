import { keptCertificate, type KeptCertificate } from '../certificate-facts.ts';
import { formatDistinguishedName } from '../distinguished-name.ts';
import type { RawHandshake } from '../raw-handshake.ts';
import type { Source } from '../source.ts';

/** What the API server that answered shows to anybody, without a login. */
export interface Handshake {
  /** The certificate that it serves with, and those that it sends along. */
  readonly serving: readonly KeptCertificate[];
  /** What it serves itself with (`apiserver-loopback-client`); made at its start, and valid for a year. */
  readonly loopback: { readonly chain: readonly KeptCertificate[] } | { readonly unknown: string };
  /** What it shows to clients that ask for the names that a cluster calls it by; the empty name is that of clients by address. */
  readonly byName: readonly ({ readonly serverName: string } & ({ readonly chain: readonly KeptCertificate[] } | { readonly unknown: string }))[];
  /** Whose client certificates it takes. No names at all: it asks for none, or takes any and decides later. */
  readonly clientAuthorities: { readonly names: readonly string[] } | { readonly unknown: string };
  /** What it answers to GET /version without a credential. */
  readonly anonymousVersion: { readonly status: number; readonly gitVersion?: string } | { readonly unknown: string };
}

export const apiServerHandshake: Source<Handshake> = {
  type: 'source',
  id: 'apiserverhandshake',
  title: 'handshake of the API server',
  projectionVersion: 2,
  read: { how: 'handshake', parse: readHandshake },
  permissions: [],
  skippedWithNamespace: false,
};

/** Only the API server itself knows the name by which it calls itself; a balancer or proxy that ends TLS does not. */
export function isDirect({ loopback }: Handshake): boolean {
  return 'chain' in loopback && loopback.chain[0]?.commonName?.startsWith('apiserver-loopback-client@') === true;
}

/** @throws {Error} a certificate or a name that is none */
function readHandshake(raw: RawHandshake): Handshake {
  const { serving, loopback, byName, clientAuthorities, anonymousVersion } = raw;
  return {
    serving: serving.map(der => keptCertificate(der)),
    loopback: 'chain' in loopback ? { chain: loopback.chain.map(der => keptCertificate(der)) } : loopback,
    byName: byName.map(shown => ('chain' in shown ? { serverName: shown.serverName, chain: shown.chain.map(der => keptCertificate(der)) } : shown)),
    clientAuthorities: 'names' in clientAuthorities ? { names: clientAuthorities.names.map(formatDistinguishedName) } : clientAuthorities,
    anonymousVersion: 'status' in anonymousVersion ? { status: anonymousVersion.status, ...gitVersionIn(anonymousVersion.body) } : anonymousVersion,
  };
}

function gitVersionIn(body: string): { readonly gitVersion?: string } {
  const [, gitVersion] = /"gitVersion":\s*"(v\d[\w.+-]{0,60})"/.exec(body) ?? [];
  return gitVersion === undefined ? {} : { gitVersion };
}
