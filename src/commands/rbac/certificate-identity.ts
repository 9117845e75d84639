import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readPem } from '../../cluster/credentials.ts';
import { loadKubeconfig } from '../../cluster/kubeconfig-file.ts';
import { Problem } from '../../problem.ts';

/** Whom the API server takes the bearer of a client certificate for, and how long. */
export interface CertificateIdentity {
  readonly user: string;
  readonly groups: readonly string[];
  /** RFC 3339, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
}

/**
 * Reads a client certificate from a PEM file or from the current context of a kubeconfig. The common name is the user, every
 * organization a group; nothing else of a certificate counts (apiserver pkg/authentication/request/x509).
 * @throws {Problem} where there is none to read, or it names no user
 */
export async function certificateIdentity(file: string): Promise<CertificateIdentity> {
  const pem = await pemIn(file);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new Problem(`${file} holds no certificate that can be read`, { exitCode: 2, cause: error });
  }
  // Of several common names Go keeps the last.
  const user = partsOf(certificate.subject, 'CN').at(-1) ?? '';
  if (user === '') throw new Problem(`the certificate in ${file} has no common name, so the API server takes its bearer for nobody`, { exitCode: 2 });
  return {
    user,
    groups: partsOf(certificate.subject, 'O'),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
  };
}

/**
 * The values of one kind in a subject, in order. Node writes a line for each name, joins names of one set by a plus, and escapes
 * what would be mistaken for either; its other form of a subject, toLegacyObject, must not be called before node:tls is loaded.
 */
function partsOf(subject: string, kind: string): string[] {
  return subject.split('\n').flatMap(line => line.split(' + ')).flatMap(part => {
    if (!part.startsWith(`${kind}=`)) return [];
    return [part.slice(kind.length + 1).replaceAll(/\\([0-9A-F]{2}|.)/gi, (_, escaped: string) => (escaped.length === 2 ? String.fromCharCode(parseInt(escaped, 16)) : escaped))];
  });
}

async function pemIn(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(`cannot read the certificate ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`, { exitCode: 2, cause: error });
  }
  // The first certificate of a bundle is the client's own; a key in the same file is not looked at.
  const [own] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text) ?? [];
  if (own !== undefined) return own;
  if (!/^\s*(apiVersion|kind|clusters|users|contexts|current-context|\{)/m.test(text)) {
    throw new Problem(`${file} is neither a PEM certificate nor a kubeconfig`, { exitCode: 2 });
  }
  const config = await loadKubeconfig(file, {});
  const context = config.contexts.get(config.currentContext);
  const [only] = config.users.size === 1 ? config.users.values() : [];
  const user = context === undefined ? only : config.users.get(context.user);
  const from = user?.certificateData !== undefined ? { data: user.certificateData } : user?.certificateFile !== undefined && user.certificateFile !== '' ? { file: user.certificateFile } : undefined;
  const pem = await readPem(from, 'client certificate', `the kubeconfig ${file}`);
  if (pem === undefined) throw new Problem(`the current context of the kubeconfig ${file} logs in without a client certificate`, { exitCode: 2 });
  return pem;
}
