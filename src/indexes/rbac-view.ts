import { defineIndex } from '../evidence/need.ts';
import type { Gap } from '../evidence/gap.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { isPlatformRole, platformOf } from './rbac-expected.ts';
import { authorizerNotes, rbacAuthorizers } from './rbac-authorizers.ts';
import type { Mapped } from './rbac-mapped.ts';
import { rbacOutside } from './rbac-outside.ts';
import { rbacDangling } from './rbac-dangling.ts';
import { rbacEscalations, type RbacEscalations } from './rbac-escalation.ts';
import { cutOf, GOAL_WORDS, hopSentence } from './rbac-path.ts';
import { exposureOf, exposureWords, type Exposure, type Exposures } from './rbac-exposure.ts';
import { rbacGrants, type BoundTo, type Grant, type RbacGrants } from './rbac-grants.ts';
import { IMPACTS, isEverything, powersOf, reachOf, type Impact, type Power } from './rbac-power.ts';
import { isPublic } from './rbac-public.ts';
import { wildcardRules } from './rbac-wildcards.ts';

/** A list cut off at {@link ROWS}; `total` counts what there is. */
export interface RbacRows<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

/** A subject and the strongest right that any binding gives it by name; what its groups hold is not added. */
export interface SubjectRow {
  readonly subject: Subject;
  /** To be read after "can": `read Secrets`. Absent where its bindings have no effect. */
  readonly can?: string;
  readonly impact?: Impact;
  /** Where it holds that right: absent for the whole cluster. At most {@link NAMES}. */
  readonly namespaces?: RbacRows<string>;
  /** The bindings that give it that right. At most {@link NAMES}. */
  readonly bindings: RbacRows<ResourceRef>;
  /** Bindings that name the subject at all. */
  readonly boundBy: number;
  /** The platform itself made every one of these grants. */
  readonly expected: boolean;
}

/** Subjects of whom each holds one and the same built-in role in namespaces, and nothing else: thousands of teams are one line. */
export interface TeamRow {
  readonly role: ResourceRef;
  /** To be read after "can". */
  readonly can?: string;
  /** At most {@link NAMES}. */
  readonly subjects: RbacRows<Subject>;
  /** The kind of all of them; absent where they differ. */
  readonly kind?: string;
  /** In how many namespaces. */
  readonly namespaces: number;
  readonly bindings: number;
}

/** One subject of one binding. */
export interface GrantRow {
  readonly subject: Subject;
  readonly binding: ResourceRef;
  readonly role: ResourceRef;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
  readonly can?: string;
  /** Which platform made it, such as `kube-apiserver 1.37.1`; absent for a user's. */
  readonly platform?: string;
}

/** The shortest way of one subject to the worst that it comes to. */
export interface EscalationRow {
  readonly subject: Subject;
  readonly severity: 'critical' | 'high' | 'medium';
  /** To be read after "can". */
  readonly can: string;
  /** A sentence for each step, without a full stop. */
  readonly steps: readonly string[];
  /** How the pods that hold the rights can be reached from outside, as a sentence without a full stop; absent where they cannot, as far as was read. */
  readonly exposure?: string;
  /** The binding whose removal takes the way from most subjects, and from how many; absent where no single one does. */
  readonly cut?: { readonly binding: ResourceRef; readonly loses: number; readonly of: number };
}

/** A service account with rights that lead to others or change something, whose pods can be reached from outside. */
export interface ExposedRow {
  readonly subject: Subject;
  readonly can: string;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
  /** `published` where something leads to a port of a pod, `possible` where a pod is on the network of its node. */
  readonly degree: Exposure['degree'];
  readonly pod: ResourceRef;
  /** How many pods that hold the token can be reached so. */
  readonly pods: number;
  /** From outside inwards; the pod itself for a port or the network of its node. */
  readonly through: readonly ResourceRef[];
}

/** A grant to a service account that does not exist. */
export interface AbsentRow extends GrantRow {
  /** Whoever may create it and use it, formatted. */
  readonly claimants: RbacRows<string>;
}

/** What `kubectl secaudit rbac` shows beside its findings. */
export interface RbacView {
  /** Strongest first, without those of `teams`. */
  readonly subjects: RbacRows<SubjectRow>;
  readonly teams: RbacRows<TeamRow>;
  readonly clusterAdmins: RbacRows<GrantRow>;
  /** ClusterRoleBindings with wildcard rules. */
  readonly broad: RbacRows<GrantRow>;
  /** Grants to everybody, to everybody logged in, or to every service account. */
  readonly public: RbacRows<GrantRow>;
  /** Bindings to a role that does not exist; they grant nothing until somebody creates it. */
  readonly dangling: RbacRows<GrantRow>;
  /** Ways to more rights, worst first. What a built-in admin of a namespace comes to there is none of them. */
  readonly paths: RbacRows<EscalationRow>;
  /** Service accounts whose pods can be reached from outside, strongest first; those that the platform binds are left out. */
  readonly exposed: RbacRows<ExposedRow>;
  /** Bindings to service accounts that do not exist. */
  readonly absent: RbacRows<AbsentRow>;
  /** What the default service accounts of namespaces hold. */
  readonly defaultAccounts: RbacRows<GrantRow>;
  /** Users bound by name and not through a group. */
  readonly directUsers: RbacRows<GrantRow>;
  /** Identities of the cloud that are let in as users, by aws-auth or access entries. */
  readonly mapped: RbacRows<Mapped>;
  /** Who decides beside RBAC, a sentence each. */
  readonly authorizers: readonly string[];
  /** How much of all this the platform itself made. */
  readonly expected: { readonly subjects: number; readonly grants: number };
  readonly grants: number;
  /** What the tables cannot show, since it could not be read. */
  readonly unread: RbacRows<{ readonly of: string; readonly gaps: readonly Gap[] }>;
}

/** How long a list of the view may get. */
export const ROWS = 500;
/** How many names a row holds. */
export const NAMES = 10;

interface Rated {
  readonly grant: Grant;
  readonly power: Power | undefined;
  readonly platform: string | undefined;
}

export const rbacView = defineIndex({
  id: 'rbac-view',
  needs: { rbac: rbacGrants, dangling: rbacDangling, escalations: rbacEscalations, outside: rbacOutside, authorizers: rbacAuthorizers },
  build({ rbac, dangling, escalations, outside, authorizers }): RbacView {
    const strongest = strongestByRole();
    const rated = rbac.grants.map(grant => ({ grant, power: strongest(grant), platform: platformOf(grant) }));
    const bySubject = [...Map.groupBy(rated, each => each.grant.subject).values()];
    const members = [...Map.groupBy(bySubject.filter(isByOneBuiltIn), ([first]) => (first === undefined ? '' : formatRef(first.grant.role))).values()].filter(team => team.length > 1);
    const inTeams = new Set(members.flat());
    const subjects = bySubject.filter(each => !inTeams.has(each)).map(subjectRow);
    const where = (isWanted: (grant: Grant) => boolean): RbacRows<GrantRow> =>
      rows(rated.filter(each => isWanted(each.grant)).sort(byStrength).map(grantRow));
    return {
      subjects: rows(subjects.sort((a, b) => a.rank - b.rank || compare(formatSubject(a.row.subject), formatSubject(b.row.subject))).map(each => each.row)),
      teams: rows(members.map(teamRow).sort((a, b) => compare(formatRef(a.role), formatRef(b.role)))),
      clusterAdmins: where(grant => isEverything(grant.rules)),
      broad: where(grant => grant.namespace === undefined && !isEverything(grant.rules) && wildcardRules(grant.rules).length > 0),
      public: where(grant => isPublic(grant.subject)),
      paths: pathRows(escalations),
      exposed: rows(exposedRows(bySubject, escalations.exposures)),
      dangling: rows(rbac.dangling.map(boundRow)),
      absent: rows(dangling.absent.map(({ grant, claimants }) => ({ ...boundRow(grant), ...canOf(strongest(grant)), claimants: rows(claimants, NAMES) }))),
      defaultAccounts: where(({ subject }) => subject.kind === 'ServiceAccount' && subject.name === 'default'),
      directUsers: rows(rated
        .filter(({ grant, platform }) => grant.subject.kind === 'User' && platform === undefined && !isPublic(grant.subject))
        .sort(byStrength).map(grantRow)),
      expected: {
        subjects: subjects.filter(each => each.row.expected).length,
        grants: rated.filter(each => each.platform !== undefined).length,
      },
      grants: rated.length,
      mapped: rows(rbac.mapped),
      authorizers: authorizerNotes([], authorizers.others, authorizers.isWithoutRbac),
      unread: rows([...unreadRows(rbac), ...exposureUnread(rated, escalations.exposures), ...outside]),
    };
  },
});

/** Thousands of bindings may share a role, and its rules are one object then: they are weighed once for each reach. */
function strongestByRole(): (grant: Grant) => Power | undefined {
  const known = { cluster: new Map<Grant['rules'], Power | undefined>(), namespace: new Map<Grant['rules'], Power | undefined>() };
  return grant => {
    const reach = reachOf(grant);
    if (!known[reach].has(grant.rules)) known[reach].set(grant.rules, powersOf(grant.rules, reach)[0]);
    return known[reach].get(grant.rules);
  };
}

function subjectRow(rated: readonly Rated[]): { readonly rank: number; readonly row: SubjectRow } {
  const [strongest, ...others] = [...rated].sort(byStrength);
  if (strongest === undefined) throw new Error('a subject without a grant');
  const rank = rankOf(strongest);
  const equal = [strongest, ...others.filter(each => rankOf(each) === rank)];
  const namespaces = [...new Set(equal.flatMap(each => each.grant.namespace ?? []))];
  const { power, grant } = strongest;
  return {
    rank,
    row: {
      subject: grant.subject,
      ...(power === undefined ? {} : { can: power.words, impact: power.impact }),
      ...(grant.namespace === undefined ? {} : { namespaces: rows(namespaces.sort(), NAMES) }),
      bindings: rows(equal.map(each => each.grant.binding), NAMES),
      boundBy: rated.length,
      expected: rated.every(each => each.platform !== undefined),
    },
  };
}

function isByOneBuiltIn(rated: readonly Rated[]): boolean {
  const [first] = rated;
  return first !== undefined && rated.every(({ grant, platform }) => platform === undefined && grant.namespace !== undefined && grant.role === first.grant.role) && isPlatformRole(first.grant);
}

function teamRow(team: readonly (readonly Rated[])[]): TeamRow {
  const all = team.flat();
  const [first] = all;
  if (first === undefined) throw new Error('a team of nobody');
  const subjects = team.flatMap(([each]) => each?.grant.subject ?? []).sort((a, b) => compare(formatSubject(a), formatSubject(b)));
  const kinds = new Set(subjects.map(({ kind }) => kind));
  return {
    role: first.grant.role,
    ...canOf(first.power),
    subjects: rows(subjects, NAMES),
    ...(kinds.size === 1 ? { kind: first.grant.subject.kind } : {}),
    namespaces: new Set(all.map(({ grant }) => grant.namespace)).size,
    bindings: all.length,
  };
}

/** Lower is stronger: by impact, then the whole cluster before a namespace, then the order of the powers. */
function rankOf({ grant, power }: Rated): number {
  if (power === undefined) return Infinity;
  const impact = IMPACTS.indexOf(power.impact) * 2 + (grant.namespace === undefined ? 0 : 1);
  return impact * 100 + power.rank;
}

function byStrength(a: Rated, b: Rated): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  return left === right ? compare(keyOf(a.grant), keyOf(b.grant)) : left < right ? -1 : 1;
}

function keyOf({ binding, subject }: BoundTo): string {
  return `${formatRef(binding)} ${formatSubject(subject)}`;
}

/** How many of the worst ways are followed to the cut. */
const PATHS = 50;
const WEIGHTS = ['critical', 'high', 'medium', 'low'] as const;
const DEGREES = ['published', 'possible', undefined] as const;

function pathRows({ graph, found }: RbacEscalations): RbacRows<EscalationRow> {
  const worst = [...found].flatMap(([key, escalation]) => (escalation === undefined || escalation.weight === 'low' ? [] : [{ key, ...escalation, severity: escalation.weight }]))
    // Of ways of one severity, first those that begin where somebody outside can begin.
    .sort((a, b) => WEIGHTS.indexOf(a.weight) - WEIGHTS.indexOf(b.weight) || DEGREES.indexOf(a.exposure?.degree) - DEGREES.indexOf(b.exposure?.degree) || a.path.cost - b.path.cost || compare(a.key, b.key));
  return {
    total: worst.length,
    rows: worst.slice(0, PATHS).map(({ key, subject, path, severity, exposure }) => {
      const cut = cutOf(graph, key, path);
      return { subject, severity, can: GOAL_WORDS[path.goal], steps: path.hops.map(hopSentence), ...(exposure === undefined ? {} : { exposure: exposureWords(exposure) }), ...(cut === undefined ? {} : { cut }) };
    }),
  };
}

function exposedRows(bySubject: readonly (readonly Rated[])[], exposures: Exposures): ExposedRow[] {
  return bySubject.flatMap(rated => {
    const own = rated.filter(({ platform }) => platform === undefined).sort(byStrength);
    const [strongest] = own;
    if (strongest?.power === undefined || strongest.grant.subject.kind !== 'ServiceAccount') return [];
    if (strongest.power.impact !== 'takeover' && strongest.power.impact !== 'write') return [];
    const { grant: { subject, namespace }, power } = strongest;
    const exposure = exposureOf(exposures, subject);
    if (exposure === undefined) return [];
    const { degree, pod, pods, through } = exposure;
    return [{
      rank: DEGREES.indexOf(degree) * 1e6 + rankOf(strongest),
      row: { subject, can: power.words, ...(namespace === undefined ? {} : { namespace }), degree, pod, pods, through: through.map(({ resource }) => resource) },
    }];
  }).sort((a, b) => a.rank - b.rank || compare(formatSubject(a.row.subject), formatSubject(b.row.subject))).map(({ row }) => row);
}

/** What may make pods reachable and could not be read, where anybody's pods could matter. */
function exposureUnread(rated: readonly Rated[], { unread }: Exposures): RbacView['unread']['rows'] {
  if (!rated.some(({ grant, platform, power }) => platform === undefined && grant.subject.kind === 'ServiceAccount' && (power?.impact === 'takeover' || power?.impact === 'write'))) return [];
  return unread.map(({ of, gaps }) => ({ of: `how exposed pods are by ${of}`, gaps }));
}

function canOf(power: Power | undefined): { readonly can?: string } {
  return power === undefined ? {} : { can: power.words };
}

function grantRow({ grant, power, platform }: Rated): GrantRow {
  return {
    ...boundRow(grant),
    ...canOf(power),
    ...(platform === undefined ? {} : { platform }),
  };
}

function boundRow({ subject, binding, role, namespace }: BoundTo): GrantRow {
  return { subject, binding, role, ...(namespace === undefined ? {} : { namespace }) };
}

function unreadRows(rbac: RbacGrants): { of: string; gaps: readonly Gap[] }[] {
  const unresolved = new Map(rbac.unresolved.map(each => [formatRef(each.binding), each.gaps]));
  return [
    ...[...rbac.unread, ...rbac.outOfScope].map(({ of, gaps }) => ({ of, gaps })),
    ...[...unresolved].map(([of, gaps]) => ({ of, gaps })),
  ];
}

function rows<Row>(all: readonly Row[], limit = ROWS): RbacRows<Row> {
  return { total: all.length, rows: all.slice(0, limit) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
