import { has, type PolicyRule } from './rbac-matcher.ts';
import { powersOf, type Power } from './rbac-power.ts';

/** How much a wildcard lets through: `broad` leads to the rights of others or to all of the core, `wide` writes a whole group. */
export type WildcardWeight = 'broad' | 'wide' | 'narrow';

/** A rule with a star that means more than what is written out. */
export interface WildcardRule {
  readonly ruleIndex: number;
  readonly weight: WildcardWeight;
  /** The strongest thing that the star lets through, to be read after "can". */
  readonly words: string;
}

/** The verbs that a person means by a star: those of `kubectl api-resources -o wide`. */
const ordinaryVerbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/**
 * The wildcard rules of a role that is bound in the whole cluster. A star before `/scale` is one subresource and no wildcard, and
 * `pods/*` means nothing at all; neither does a star in a rule that has no effect for another reason.
 */
export function wildcardRules(rules: readonly PolicyRule[]): WildcardRule[] {
  return rules.flatMap((rule, ruleIndex) => {
    const weighed = hasStar(rule) ? weigh(rules, rule) : undefined;
    return weighed === undefined ? [] : [{ ruleIndex, ...weighed }];
  });
}

function hasStar({ verbs, apiGroups, resources, nonResourceURLs = [] }: PolicyRule): boolean {
  // A star for the verbs of a path means the HTTP methods, which is no surprise.
  const isAnyPath = has(nonResourceURLs, '*') || has(nonResourceURLs, '/*');
  return isAnyPath || has(apiGroups, '*') || has(resources, '*') || (has(verbs, '*') && (resources ?? []).length > 0);
}

function weigh(rules: readonly PolicyRule[], rule: PolicyRule): Omit<WildcardRule, 'ruleIndex'> | undefined {
  const isNamed = (rule.resourceNames ?? []).length > 0;
  const [gained] = isNamed ? [] : takeoversFromVirtualVerbs(rules, rule);
  if (gained !== undefined) return { weight: 'broad', words: gained.words };
  const powers = powersOf([rule], 'cluster');
  const [strongest] = powers;
  if (strongest === undefined) return undefined;
  const { words } = strongest;
  if (!has(rule.resources, '*') || isNamed) return { weight: 'narrow', words };
  const isCore = has(rule.apiGroups, '') || has(rule.apiGroups, '*');
  const canWrite = powers.some(power => power.impact === 'write');
  if (isTakeover(strongest) || (isCore && canWrite)) return { weight: 'broad', words };
  return { weight: canWrite ? 'wide' : 'narrow', words };
}

/**
 * What a star among the verbs of named resources adds that nobody reads into it: `escalate` and `bind` on roles,
 * `impersonate` on users and service accounts, `approve` and `sign` on signers.
 */
function takeoversFromVirtualVerbs(rules: readonly PolicyRule[], rule: PolicyRule): Power[] {
  if (!has(rule.verbs, '*')) return [];
  const written = new Set(
    powersOf(rules.map(each => (each === rule ? { ...rule, verbs: ordinaryVerbs } : each)), 'cluster').map(power => power.id));
  return powersOf(rules, 'cluster').filter(power => isTakeover(power) && !written.has(power.id));
}

function isTakeover(power: Power): boolean {
  return power.impact === 'takeover';
}
