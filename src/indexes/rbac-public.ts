import { formatSubject, type Subject } from '../evidence/subject.ts';

/** Who stands behind a subject that is nobody in particular. */
export type Audience = 'anonymous' | 'authenticated' | 'pods';

/** By formatted subject. The groups of one namespace's service accounts are not public: whoever may use them is known. */
const audiences: Readonly<Record<string, Audience>> = {
  'User/system:anonymous': 'anonymous',
  'Group/system:unauthenticated': 'anonymous',
  'Group/system:authenticated': 'authenticated',
  'Group/system:serviceaccounts': 'pods',
};

/** The audience of a public subject; undefined for everyone who has a name of their own. */
export function audienceOf(subject: Subject): Audience | undefined {
  const key = formatSubject(subject);
  return Object.hasOwn(audiences, key) ? audiences[key] : undefined;
}

export function isPublic(subject: Subject): boolean {
  return audienceOf(subject) !== undefined;
}
