import type { Subject } from '../../evidence/subject.ts';
import { canonicalSubject } from '../../indexes/rbac-identity.ts';
import { Problem } from '../../problem.ts';

/**
 * The subject that a person means: `User/ana`, `Group/sre`, `ServiceAccount/shop/web`, `system:serviceaccount:shop:web`, or the
 * bare name of a user.
 * @throws {Problem} where a part is missing
 */
export function subjectOf(words: string): Subject {
  const [, kind = '', rest = ''] = /^(User|Group|ServiceAccount)\/(.*)$/is.exec(words) ?? [];
  const entry = entryOf(kind.toLowerCase(), rest, words);
  const subject = canonicalSubject(entry);
  if (subject === undefined || entry.name === '') {
    throw new Problem(`${words} names nobody; write User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME or the name of a user`, { exitCode: 2 });
  }
  return subject;
}

function entryOf(kind: string, rest: string, words: string): { readonly kind: string; readonly name: string; readonly namespace?: string } {
  switch (kind) {
    case 'user':
      return { kind: 'User', name: rest };
    case 'group':
      return { kind: 'Group', name: rest };
    case 'serviceaccount': {
      const [namespace = '', name = '', ...more] = rest.split('/');
      return { kind: 'ServiceAccount', namespace, name: more.length > 0 ? '' : name };
    }
    default:
      return { kind: 'User', name: words };
  }
}
