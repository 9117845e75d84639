import type { OutgoingHttpHeaders } from 'node:http';
import { Problem } from '../problem.ts';
import type { Impersonation } from './kubeconfig.ts';

/**
 * The headers by which the API server answers as somebody else, as client-go writes them.
 * @throws {Problem} a name that cannot stand in a header
 */
export function impersonationHeaders(impersonation: Impersonation | undefined): OutgoingHttpHeaders {
  if (impersonation === undefined) return {};
  const { user, uid, groups, extra } = impersonation;
  return {
    'Impersonate-User': headerText(user),
    ...(uid === '' ? {} : { 'Impersonate-Uid': headerText(uid) }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups.map(headerText) }),
    ...Object.fromEntries([...extra].map(([key, values]) => [`Impersonate-Extra-${escapedKey(key)}`, values.map(headerText)])),
  };
}

/** Go sends a name's UTF-8 bytes as they are; Node takes a header's characters for bytes. */
function headerText(value: string): string {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw new Problem(`cannot impersonate ${JSON.stringify(value)}: it holds a control character; check --as, --as-group and --as-uid`);
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** Bytes that no header name may hold, and the escape character itself, as %XX. */
function escapedKey(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map(byte => {
      const character = String.fromCharCode(byte);
      return /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
