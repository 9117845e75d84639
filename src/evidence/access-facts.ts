/** What the cloud says about rights that live outside RBAC: the access entries of an EKS cluster. */
export interface AccessFacts {
  readonly entries: readonly AccessEntry[];
  /** Answers that are not in the file, or not whole. */
  readonly missing: readonly MissingFact[];
}

/** Something that the file of facts does not say. */
export interface MissingFact {
  /** In a few words: `access policies of arn:aws:iam::1:role/ops`. */
  readonly of: string;
  /** What is not there, in a few words: `no answer`, `no field username`. */
  readonly what: string;
  /** The `aws eks` command whose answer would say it. */
  readonly command: 'list-access-entries' | 'describe-access-entry' | 'list-associated-access-policies';
}

/** One principal of the cloud with what it may do in this cluster. */
export interface AccessEntry {
  /** An ARN. */
  readonly principal: string;
  /** Whom the API server takes it for; the principal itself where that was not described. */
  readonly username: string;
  readonly groups: readonly string[];
  /** `AmazonEKSClusterAdminPolicy`, with the namespaces that it is limited to; absent for the whole cluster. */
  readonly policies: readonly { readonly name: string; readonly namespaces?: readonly string[] }[];
}

/**
 * Reads what `aws eks list-access-entries`, `describe-access-entry` and `list-associated-access-policies` print, any number of
 * answers one after the other or in a list.
 * @throws {Error} where it is anything else; the text is not quoted
 */
export function parseAccessFacts(text: string): AccessFacts {
  const answers = documentsIn(text).flatMap(each => (Array.isArray(each) ? (each as readonly unknown[]) : [each]));
  if (answers.length === 0) throw new Error('it is empty');
  const entries = new Map<string, Gathered>();
  const listed = new Set<string>();
  const missing: MissingFact[] = [];
  let isListed = false;
  const entryOf = (principal: string): Gathered => {
    const known = entries.get(principal) ?? { groups: [], policies: [], isDescribed: false, hasPolicies: false };
    entries.set(principal, known);
    return known;
  };
  for (const answer of answers) {
    if (!isRecord(answer)) throw new Error('it holds something that is no answer of aws eks');
    const { accessEntries, accessEntry, associatedAccessPolicies, principalArn, nextToken } = answer;
    const isCutOff = typeof nextToken === 'string';
    if (Array.isArray(accessEntries)) {
      for (const each of strings(accessEntries)) listed.add(each);
      isListed ||= !isCutOff;
      if (isCutOff) missing.push({ of: 'further access entries', what: 'a list that goes on (nextToken)', command: 'list-access-entries' });
    } else if (isRecord(accessEntry) && typeof accessEntry['principalArn'] === 'string') {
      const entry = entryOf(accessEntry['principalArn']);
      const { username, kubernetesGroups } = accessEntry;
      const of = `access entry ${accessEntry['principalArn']}`;
      entry.isDescribed = true;
      if (typeof username === 'string') entry.username = username;
      else missing.push({ of, what: 'no field username', command: 'describe-access-entry' });
      if (!Array.isArray(kubernetesGroups)) missing.push({ of, what: 'no field kubernetesGroups', command: 'describe-access-entry' });
      entry.groups.push(...strings(kubernetesGroups));
    } else if (Array.isArray(associatedAccessPolicies) && typeof principalArn === 'string') {
      const entry = entryOf(principalArn);
      const of = `access policies of ${principalArn}`;
      const policies = associatedAccessPolicies.map(policyOf);
      entry.hasPolicies = true;
      entry.policies.push(...policies.flatMap(policy => policy ?? []));
      if (policies.includes(undefined)) missing.push({ of, what: 'a policy without the field policyArn or accessScope', command: 'list-associated-access-policies' });
      if (isCutOff) missing.push({ of, what: 'a list that goes on (nextToken)', command: 'list-associated-access-policies' });
    } else throw new Error('it holds something that is none of list-access-entries, describe-access-entry and list-associated-access-policies');
  }
  if (!isListed && listed.size === 0) missing.push({ of: 'whether there are more access entries', what: 'no answer', command: 'list-access-entries' });
  for (const principal of new Set([...listed, ...entries.keys()])) {
    const entry = entries.get(principal);
    if (entry?.isDescribed !== true) missing.push({ of: `access entry ${principal}`, what: 'no answer', command: 'describe-access-entry' });
    if (entry?.hasPolicies !== true) missing.push({ of: `access policies of ${principal}`, what: 'no answer', command: 'list-associated-access-policies' });
  }
  return {
    entries: [...entries].map(([principal, { username, groups, policies }]) => ({ principal, username: username ?? principal, groups, policies })).sort((a, b) => (a.principal < b.principal ? -1 : 1)),
    missing: missing.sort((a, b) => (a.of < b.of ? -1 : a.of > b.of ? 1 : 0)),
  };
}

interface Gathered {
  username?: string;
  readonly groups: string[];
  readonly policies: AccessEntry['policies'][number][];
  isDescribed: boolean;
  hasPolicies: boolean;
}

/** Undefined where it does not say which policy it is, or how far it reaches. */
function policyOf(policy: unknown): AccessEntry['policies'][number] | undefined {
  if (!isRecord(policy) || typeof policy['policyArn'] !== 'string' || !isRecord(policy['accessScope'])) return undefined;
  const { type, namespaces } = policy['accessScope'];
  const name = policy['policyArn'].split('/').at(-1) ?? '';
  if (type === 'namespace') return Array.isArray(namespaces) ? { name, namespaces: strings(namespaces) } : undefined;
  return type === 'cluster' ? { name } : undefined;
}

/** JSON texts that stand one after the other, as a loop over `aws eks` prints them. */
function documentsIn(text: string): unknown[] {
  const documents: unknown[] = [];
  let depth = 0;
  let start = -1;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (token.startsWith('"')) continue;
    if (token === '{' || token === '[') {
      if (depth === 0) start = index;
      depth += 1;
    } else if ((depth -= 1) === 0) documents.push(JSON.parse(text.slice(start, index + 1)));
  }
  if (depth !== 0) throw new Error('it is cut off');
  return documents;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
