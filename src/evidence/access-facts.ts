/** What the cloud says about rights that live outside RBAC: the access entries of an EKS cluster. */
export interface AccessFacts {
  readonly entries: readonly AccessEntry[];
  /** Principals that a list names and nothing describes. */
  readonly undescribed: readonly string[];
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
  const entries = new Map<string, { username?: string; groups: string[]; policies: AccessEntry['policies'][number][] }>();
  const listed = new Set<string>();
  const entryOf = (principal: string) => {
    const known = entries.get(principal) ?? { groups: [], policies: [] };
    entries.set(principal, known);
    return known;
  };
  for (const answer of answers) {
    if (!isRecord(answer)) throw new Error('it holds something that is no answer of aws eks');
    const { accessEntries, accessEntry, associatedAccessPolicies, principalArn } = answer;
    if (Array.isArray(accessEntries)) for (const each of strings(accessEntries)) listed.add(each);
    else if (isRecord(accessEntry) && typeof accessEntry['principalArn'] === 'string') {
      const entry = entryOf(accessEntry['principalArn']);
      if (typeof accessEntry['username'] === 'string') entry.username = accessEntry['username'];
      entry.groups.push(...strings(accessEntry['kubernetesGroups']));
    } else if (Array.isArray(associatedAccessPolicies) && typeof principalArn === 'string') {
      entryOf(principalArn).policies.push(...associatedAccessPolicies.flatMap(policyOf));
    } else throw new Error('it holds something that is none of list-access-entries, describe-access-entry and list-associated-access-policies');
  }
  return {
    entries: [...entries].map(([principal, { username, groups, policies }]) => ({ principal, username: username ?? principal, groups, policies })).sort((a, b) => (a.principal < b.principal ? -1 : 1)),
    undescribed: [...listed].filter(each => !entries.has(each)).sort(),
  };
}

function policyOf(policy: unknown): AccessEntry['policies'] {
  if (!isRecord(policy) || typeof policy['policyArn'] !== 'string') return [];
  const scope = isRecord(policy['accessScope']) ? policy['accessScope'] : {};
  const name = policy['policyArn'].split('/').at(-1) ?? '';
  return [scope['type'] === 'namespace' ? { name, namespaces: strings(scope['namespaces']) } : { name }];
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
