import { keyFacts } from './certificate-facts.ts';
import { childrenOf, elementAt, firstIn, TAG, wholeOf } from './der.ts';
import { formatDistinguishedName, identityIn, type NameIdentity } from './distinguished-name.ts';

/** What a PKCS #10 request asks for, as far as it makes an identity. */
export interface RequestFacts extends NameIdentity {
  /** One line: `O=system:nodes, CN=system:node:worker-1`. */
  readonly subject: string;
  /** `RSA 2048`, `P-256`. */
  readonly keyType: string;
}

/** Reads the request of a CertificateSigningRequest (base64 of PEM); undefined where it is none. */
export function requestFacts(base64: string): RequestFacts | undefined {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const [, body] = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END/.exec(text) ?? [];
  if (body === undefined) return undefined;
  try {
    return factsIn(Buffer.from(body, 'base64'));
  } catch (error) {
    // The API server has parsed it before it was stored; a replaced or older one may still be unreadable here.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** RFC 2986: version, subject, public key, attributes. @throws {Error} the bytes are no request */
function factsIn(der: Uint8Array): RequestFacts {
  const [, subject, key] = childrenOf(firstIn(elementAt(der, 0, TAG.sequence), TAG.sequence));
  if (subject?.tag !== TAG.sequence || key?.tag !== TAG.sequence) throw new Error('no request');
  const name = wholeOf(subject);
  const { keyType } = keyFacts(wholeOf(key));
  return { subject: formatDistinguishedName(name), ...identityIn(name), keyType };
}
