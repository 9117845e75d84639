import { request } from 'node:https';
import type { CertificateAndKey } from './pki.ts';

/**
 * One GET over a connection of its own, as a client certificate's holder. The server's certificate is not verified:
 * the answer of the very port is wanted, and nothing leaves this machine.
 */
export function getRaw(url: string, as: CertificateAndKey, path: string, accept?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = accept === undefined ? {} : { accept };
    const asked = request(new URL(path, url), { agent: false, cert: as.certificate, key: as.key, rejectUnauthorized: false, headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }); });
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}
