import { defineIndex, type Index } from '../evidence/need.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import { rbacOutside } from './rbac-outside.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import { isMatch, type Identity } from './rbac-identity.ts';
import type { PolicyRule } from './rbac-matcher.ts';
import { IMPACTS, powersOf, type Impact, type Power, type Reach } from './rbac-power.ts';
import { compareText, rowsOf, unseenOf, type Unseen } from './rbac-rows.ts';
import { NAMES, type RbacRows } from './rbac-view.ts';
import type { Way } from './rbac-who-can-rows.ts';

/** Whose rights are asked for: a user with all its groups, or a group, of which any member may have more. */
export interface AccessQuestion {
  /** As the person named it: `User/ana`, `Group/sre`, `ServiceAccount/shop/web`. */
  readonly subject: string;
  /** Absent where only groups are asked for. */
  readonly user?: string;
  readonly groups: readonly { readonly name: string; readonly from: 'given' | 'certificate' | 'mapped' | 'implicit' }[];
  /** Only this namespace and the whole cluster's rights; absent for all. */
  readonly namespace?: string;
  /** How long the certificate holds that the question was read from; RFC 3339, UTC. */
  readonly certificate?: { readonly notBefore: string; readonly notAfter: string };
}

/** Something that the rights in one scope come to. */
export interface AccessPower {
  /** To be read after "can". */
  readonly can: string;
  readonly impact: Impact;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
}

/** One rule in one scope; the same rule of several roles is one. */
export interface AccessRule {
  readonly rule: PolicyRule;
  /** The strongest thing that the rule gives by itself; absent where it has no effect in its scope. */
  readonly can?: string;
  readonly impact?: Impact;
  /** The groups that bring it; absent where a binding names the user. */
  readonly via?: readonly string[];
  readonly through: RbacRows<Way>;
}

/** The rights of one scope: the whole cluster, or a namespace (where those of the whole cluster hold too). */
export interface AccessScope {
  readonly namespace?: string;
  readonly rules: RbacRows<AccessRule>;
}

/** What `kubectl secaudit rbac access` shows. */
export interface AccessView {
  readonly question: AccessQuestion;
  /** A member of system:masters is allowed everything, whatever is bound. */
  readonly isMaster: boolean;
  /** Strongest first. */
  readonly powers: RbacRows<AccessPower>;
  /** The whole cluster first, then namespaces, those with the strongest rights first. */
  readonly scopes: RbacRows<AccessScope>;
  readonly bindings: number;
  readonly rules: number;
  readonly unseen: RbacRows<Unseen>;
}

/** Rules listed of one scope. */
const RULES = 200;

/** The view of one subject's rights. */
export function accessView(question: AccessQuestion): Index<AccessView> {
  return defineIndex({
    id: 'rbac-access',
    needs: { rbac: rbacGrants, outside: rbacOutside },
    build: ({ rbac, outside }) => answer(withMapped(question, rbac), rbac, outside),
  });
}

interface Ranked<T> {
  readonly rank: number;
  readonly value: T;
}

/** Groups that the cloud puts a user in are known where its mapping is. */
function withMapped(question: AccessQuestion, { mapped }: RbacGrants): AccessQuestion {
  const groups = mapped.filter(({ subject }) => formatSubject(subject) === question.subject).flatMap(each => each.groups)
    .filter((name, at, all) => all.indexOf(name) === at && !question.groups.some(each => each.name === name));
  return groups.length === 0 ? question : { ...question, groups: [...groups.map(name => ({ name, from: 'mapped' as const })), ...question.groups] };
}

function answer(question: AccessQuestion, rbac: RbacGrants, outside: readonly Unseen[]): AccessView {
  const identity: Identity = { user: question.user ?? '', groups: question.groups.map(({ name }) => name) };
  const isIn = (namespace: string | undefined): boolean => namespace === undefined || question.namespace === undefined || namespace === question.namespace;
  const held = rbac.grants.filter(grant => isIn(grant.namespace) && isHeldBy(grant, question, identity));
  const byScope = Map.groupBy(held, grant => grant.namespace);
  const clusterRules = (byScope.get(undefined) ?? []).flatMap(grant => grant.rules);
  const scopes = [...byScope].map(([namespace, grants]) => scopeOf(namespace, grants)).sort((a, b) => a.rank - b.rank || compareText(a.value.namespace ?? '', b.value.namespace ?? ''));
  const powers = [...byScope].flatMap(([namespace, grants]) => powersIn(namespace, grants, clusterRules)).sort((a, b) => a.rank - b.rank || compareText(a.value.namespace ?? '', b.value.namespace ?? ''));
  return {
    question,
    isMaster: identity.groups.includes('system:masters'),
    powers: rowsOf(powers.map(({ value }) => value)),
    scopes: rowsOf(scopes.map(({ value }) => value)),
    bindings: new Set(held.map(grant => formatRef(grant.binding))).size,
    rules: scopes.reduce((sum, { value }) => sum + value.rules.total, 0),
    unseen: rowsOf([...unseenOf({ ...rbac, unresolved: rbac.unresolved.filter(each => isHeldBy(each, question, identity)) }, question.namespace, bound => isIn(bound.namespace)), ...outside]),
  };
}

function isHeldBy(bound: Pick<Grant, 'subject'>, question: AccessQuestion, identity: Identity): boolean {
  // A question about groups alone has no user, and an empty name would match nobody rightly.
  return question.user === undefined && bound.subject.kind !== 'Group' ? false : isMatch(bound.subject, identity);
}

function scopeOf(namespace: string | undefined, grants: readonly Grant[]): Ranked<AccessScope> {
  const reach: Reach = namespace === undefined ? 'cluster' : 'namespace';
  const found = new Map<string, { rule: PolicyRule; ways: Way[]; groups: Set<string>; isNamed: boolean }>();
  for (const { rules, subject, binding, role } of grants) {
    for (const [ruleIndex, rule] of rules.entries()) {
      const key = JSON.stringify([rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames ?? [], rule.nonResourceURLs ?? []]);
      const known = found.get(key) ?? { rule, ways: [], groups: new Set<string>(), isNamed: false };
      known.ways.push({ binding, role, ruleIndex });
      if (subject.kind === 'Group') known.groups.add(subject.name);
      else known.isNamed = true;
      found.set(key, known);
    }
  }
  const ranked = [...found.values()].map(({ rule, ways, groups, isNamed }) => {
    const [power] = powersOf([rule], reach);
    return {
      rank: rankOf(power, reach),
      value: {
        rule,
        ...(power === undefined ? {} : { can: power.words, impact: power.impact }),
        ...(isNamed ? {} : { via: [...groups].sort() }),
        through: rowsOf(ways, NAMES),
      },
    };
  }).sort((a, b) => a.rank - b.rank || compareText(JSON.stringify(a.value.rule), JSON.stringify(b.value.rule)));
  return {
    // The whole cluster comes first, however weak.
    rank: namespace === undefined ? -1 : ranked[0]?.rank ?? Infinity,
    value: { ...(namespace === undefined ? {} : { namespace }), rules: rowsOf(ranked.map(({ value }) => value), RULES) },
  };
}

/** What the rules of one scope come to together; a power may take several rules, and rules of the whole cluster count in a namespace. */
function powersIn(namespace: string | undefined, grants: readonly Grant[], clusterRules: readonly PolicyRule[]): Ranked<AccessPower>[] {
  const reach: Reach = namespace === undefined ? 'cluster' : 'namespace';
  const own = grants.flatMap(grant => grant.rules);
  const powers = powersOf(own, reach);
  const everywhere = new Set(namespace === undefined ? [] : powersOf(clusterRules, 'cluster').map(({ id }) => id));
  const joined = namespace === undefined ? [] : powersOf([...own, ...clusterRules], reach)
    .filter(power => power.impact === 'takeover' && !everywhere.has(power.id) && !powers.some(({ id }) => id === power.id));
  return [...powers.filter(({ id, impact }) => impact !== 'takeover' || !everywhere.has(id)), ...joined]
    .map(power => ({ rank: rankOf(power, reach), value: { can: power.words, impact: power.impact, ...(namespace === undefined ? {} : { namespace }) } }));
}

/** Lower is stronger: by impact, then the whole cluster before a namespace, then the order of the powers. */
function rankOf(power: Power | undefined, reach: Reach): number {
  if (power === undefined) return 10_000;
  return (IMPACTS.indexOf(power.impact) * 2 + (reach === 'cluster' ? 0 : 1)) * 100 + power.rank;
}
