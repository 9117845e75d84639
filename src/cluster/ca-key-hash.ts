import { createHash, type X509Certificate } from 'node:crypto';

/**
 * SHA-256 (hex) over the public keys of the certificate authorities, sorted by their bytes and each once. An authority
 * that is issued again with its key gives the same hash, and so does a bundle that holds the old and the new one.
 */
export function caKeyHash(authorities: readonly X509Certificate[]): string {
  const keys = new Map(authorities.map(keyBytes).map(key => [key.toString('hex'), key]));
  const hash = createHash('sha256');
  for (const [, key] of [...keys].toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.update(key);
  return hash.digest('hex');
}

/** The SubjectPublicKeyInfo in DER, or the whole certificate where OpenSSL does not know the kind of key. */
function keyBytes(authority: X509Certificate): Buffer {
  try {
    return authority.publicKey.export({ type: 'spki', format: 'der' });
  } catch (error) {
    if (error instanceof Error) return authority.raw;
    throw error;
  }
}
