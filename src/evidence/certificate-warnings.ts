/** A certificate of which an Event says when it ends. */
export interface WarnedCertificate {
  /** The name of the file, without its directory: `client-kubelet.crt`. */
  readonly file: string;
  /** As Go writes it: `CN=system:node:worker-1,O=system:nodes`. */
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly notAfter: string;
}

/** One certificate in the message: service, file, subject, and when it ends or begins. What has not begun has no end that is said. */
const CERTIFICATE = /[\w.-]+\/([\w.-]+): certificate (.+?) (?:(?:will expire within \d+ days|expired) at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))|is not valid before )/g;

/**
 * Reads the message of an Event that k3s or RKE2 writes about its node (k3s-io/k3s pkg/certmonitor/certmonitor.go): the
 * certificates are joined by line breaks, in older releases by commas. Of a message without any nothing stays.
 */
export function warnedCertificatesIn(message: string): readonly WarnedCertificate[] {
  if (typeof message !== 'string') return [];
  return [...message.matchAll(CERTIFICATE)].flatMap(([, file = '', subject = '', end]) => {
    const at = Date.parse(end ?? '');
    return Number.isNaN(at) ? [] : [{ file, subject, notAfter: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z') }];
  });
}
