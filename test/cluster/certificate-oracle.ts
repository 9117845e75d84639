import { execFileSync } from 'node:child_process';

/** What openssl says of one certificate. */
export interface OpensslFacts {
  readonly sha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly serial: string;
  /** `DNS:a`, `IP:10.0.0.1`, sorted. */
  readonly names: readonly string[];
  readonly isAuthority: boolean;
}

/** Every certificate of a PEM text, by openssl alone. */
export function opensslFacts(pem: string): OpensslFacts[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map(factsOf);
}

function factsOf(pem: string): OpensslFacts {
  const text = execFileSync('openssl', ['x509', '-noout', '-startdate', '-enddate', '-serial', '-fingerprint', '-sha256', '-ext', 'subjectAltName,basicConstraints'], {
    encoding: 'utf8', input: pem, stdio: ['pipe', 'pipe', 'ignore'],
  });
  const after = (mark: RegExp): string => mark.exec(text)?.[1] ?? '';
  const names = after(/Subject Alternative Name:.*\n +(.*)/).split(', ').filter(name => name !== '');
  return {
    sha256: after(/Fingerprint=(.*)/).replaceAll(':', '').toLowerCase(),
    notBefore: instant(after(/notBefore=(.*)/)),
    notAfter: instant(after(/notAfter=(.*)/)),
    serial: after(/serial=(.*)/),
    names: names.map(name => name.replace(/^IP Address:/, 'IP:')).sort(),
    isAuthority: text.includes('CA:TRUE'),
  };
}

function instant(date: string): string {
  return new Date(date).toISOString().replace('.000Z', 'Z');
}
