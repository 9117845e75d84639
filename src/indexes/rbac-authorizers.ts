import type { EvidenceItem } from '../evidence/evidence-item.ts';
import { notObservable, type Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { refOf } from '../evidence/source.ts';
import { apiServerLeases, apiServerMetrics, flagz, liveReplicas } from '../evidence/sources/api-server.ts';
import { ASKED, mayCreatePods, mayDoNothing, mayListSecrets, type AccessAnswer, type AskedRight } from '../evidence/sources/authorization.ts';
import { apiServerPods, controlPlanePods, type ControlPlanePod } from '../evidence/sources/control-plane.ts';
import { whoAmI, type Caller } from '../evidence/sources/versions.ts';
import { authorize } from './rbac-authorize.ts';
import { rbacGrants, type RbacGrants } from './rbac-grants.ts';

/** A right of the caller on which RBAC and the API server differ. */
export interface Disagreement {
  /** `list secrets` */
  readonly about: string;
  /** What the API server says; RBAC says the other. */
  readonly allowed: boolean;
}

/** Who decides beside RBAC, as far as it shows. */
export interface Authorizers {
  /** Proof that every request is allowed. */
  readonly alwaysAllow: readonly EvidenceItem[];
  /** Proof that it is not so, on the replica that answered: `--authorization-mode`, or a request on which no authorizer had an opinion. */
  readonly ruledOut: readonly EvidenceItem[];
  /** Authorizers beside Node and RBAC, by type: `Webhook`, `ABAC`, or `a file` where only its path is seen. */
  readonly others: readonly string[];
  /** The flags do not name RBAC, so bindings decide nothing. */
  readonly isWithoutRbac: boolean;
  readonly disagreements: readonly Disagreement[];
  readonly gaps: readonly Gap[];
  /** API servers whose authorizers are not known, with why. */
  readonly unjudged: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** What the caller's own rights alone show: no flag and no metric is read for it. */
export const callerDisagreements = defineIndex({
  id: 'rbac-caller-disagreements',
  needs: { rbac: rbacGrants, caller: attempt(whoAmI), nothing: attempt(mayDoNothing), secrets: attempt(mayListSecrets), pods: attempt(mayCreatePods) },
  build: ({ rbac, caller, nothing, secrets, pods }): readonly Disagreement[] =>
    ([[ASKED.nothing, nothing], [ASKED.secrets, secrets], [ASKED.pods, pods]] as const).flatMap(([asked, answer]) => ('value' in caller ? disagreementOn(rbac, caller.value, asked, answer) : [])),
});

export const rbacAuthorizers = defineIndex({
  id: 'rbac-authorizers',
  needs: { disagreements: callerDisagreements, caller: attempt(whoAmI), nothing: attempt(mayDoNothing), metrics: attempt(apiServerMetrics), flagz: attempt(flagz), pods: attempt(controlPlanePods), leases: attempt(apiServerLeases) },
  build({ disagreements, caller, nothing, metrics, flagz: flags, pods, leases }): Authorizers {
    const servers = 'value' in pods ? apiServerPods(pods.value) : [];
    const settings = [...('value' in flags ? flagzSetting(flags.value) : []), ...servers.flatMap(podSetting)];
    const deciding = 'value' in metrics ? metrics.value.flatMap(each => ('value' in each ? each.value.apiserver_authorization_decisions_total ?? [] : [])).filter(series => series.value > 0).map(series => series.labels['type'] ?? '') : [];
    const answer = 'value' in nothing ? nothing.value : undefined;
    // A member of system:masters is let through before any authorizer is asked.
    const isMaster = !('value' in caller) || caller.value.groups.includes('system:masters');
    const probe: EvidenceItem = {
      path: 'status.allowed', value: answer?.allowed ?? null, grade: 'exact',
      reproduce: ['kubectl', 'auth', 'can-i', ASKED.nothing.verb, `${ASKED.nothing.resource}.${ASKED.nothing.apiGroup}`],
    };
    return {
      alwaysAllow: [
        ...settings.filter(each => each.modes?.includes('AlwaysAllow') === true).map(each => each.item),
        ...(deciding.includes('AlwaysAllow') ? [{ path: 'apiserver_authorization_decisions_total{type="AlwaysAllow"}', value: 'above 0', grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/metrics'] } satisfies EvidenceItem] : []),
        ...(answer?.allowed === true && disagreements.some(each => each.about === wordsOf(ASKED.nothing) && each.allowed) ? [probe] : []),
      ],
      ruledOut: [
        ...settings.filter(each => each.modes !== undefined && !each.modes.includes('AlwaysAllow')).map(each => each.item),
        // Nobody had an opinion, and AlwaysAllow always has one. A webhook that refuses outright ends the round before it is asked.
        ...(answer !== undefined && !answer.allowed && !answer.denied && !answer.failed && !isMaster ? [probe] : []),
      ],
      others: [...new Set([...settings.flatMap(each => each.modes ?? ['a file']), ...deciding])].filter(type => type !== '' && !['RBAC', 'Node', 'AlwaysAllow', 'PrivilegedGroup', 'SystemMasters'].includes(type)).sort(),
      isWithoutRbac: settings.some(each => each.modes?.includes('RBAC') === false),
      disagreements,
      gaps: [...[nothing, flags, pods].flatMap(read => ('gaps' in read ? read.gaps : [])), ...(answer?.denied === true ? [refusedOutright] : [])],
      unjudged: unjudged(settings, servers, leases),
    };
  },
});

const refusedOutright = notObservable('notProven', 'an authorizer refuses you outright what nobody else is asked about then, and which authorizers come after it shows in no flag that can be read');

function disagreementOn(rbac: RbacGrants, { username, groups }: Caller, asked: AskedRight, answer: Attempted<AccessAnswer>): Disagreement[] {
  if ('gaps' in answer || answer.value.failed) return [];
  const own = authorize(rbac, { user: username, groups }, asked);
  const { allowed, byRbac } = answer.value;
  // RBAC's own words are no other authorizer's, whatever was bound since the bindings were read.
  if (own.answer === 'unknown' || byRbac || (own.answer === 'allowed') === allowed) return [];
  return [{ about: wordsOf(asked), allowed }];
}

function wordsOf({ verb, apiGroup, resource, namespace }: AskedRight): string {
  return `${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

/** Static pods that do not show their modes, and replicas that hold a lease beyond those that were judged. */
function unjudged(
  settings: readonly Setting[],
  servers: readonly ControlPlanePod[],
  leases: Attempted<NonNullable<(typeof apiServerLeases)['evidence']>>,
): Authorizers['unjudged'] {
  const hidden = servers.filter(pod => podSetting(pod).length === 0).map(({ metadata }) => ({
    of: `API server pod ${metadata.name}`,
    gaps: [{ kind: 'notObservable', reason: 'notProven', detail: `how the API server of pod ${metadata.name} is started does not show in its arguments` } satisfies Gap],
  }));
  // At least one was asked: the one that answered.
  const judged = Math.max(settings.filter(({ item }) => item.resource !== undefined).length + hidden.length, 1);
  if ('gaps' in leases) {
    return [...hidden, { of: 'other API server replicas', gaps: leases.gaps.map(gap => ({ ...gap, detail: `how many API server replicas there are is not known: ${gap.detail}` })) }];
  }
  const newest = leases.value.map(({ spec }) => spec?.renewTime ?? '').sort().at(-1) ?? '';
  const live = liveReplicas(leases.value, newest);
  if (live <= judged) return hidden;
  return [...hidden, { of: 'other API server replicas', gaps: [{ kind: 'gap', reason: 'notSeen', source: apiServerLeases.id, detail: `${live} API server replicas hold a lease, and the authorizers of ${judged} were seen` }] }];
}

interface Setting {
  /** Undefined where a file says which. */
  readonly modes: readonly string[] | undefined;
  readonly item: EvidenceItem;
}

function flagzSetting({ names, values }: NonNullable<(typeof flagz)['evidence']>): Setting[] {
  if (!names.includes('authorization-mode')) return [];
  const mode = values['authorization-mode'] ?? '';
  const modes = isGiven(values['authorization-config']) || mode === '' ? undefined : modesIn(mode);
  return [{ modes, item: { path: 'flags["authorization-mode"]', value: mode, grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/flagz'] } }];
}

function podSetting(pod: ControlPlanePod): Setting[] {
  const starts = (pod.spec?.containers ?? []).map((container, index) => ({ index, words: [container.command, container.args].flatMap(words => words ?? []) }));
  const start = starts.find(({ words }) => words[0]?.program === 'kube-apiserver');
  if (start === undefined || start.words.some(({ hasVariable }) => hasVariable)) return [];
  const flags = start.words.flatMap(words => words.flags);
  // Given more than once, the modes add up.
  const given = flags.filter(({ name }) => name === 'authorization-mode').map(({ value = '' }) => value);
  if (given.some(value => value.includes('$('))) return [];
  const mode = given.length === 0 ? undefined : given.join(',');
  const valueOf = (flag: string): string | undefined => flags.findLast(({ name }) => name === flag)?.value;
  // Without either flag the API server allows everything: that is its default.
  const modes = isGiven(valueOf('authorization-config')) ? undefined : mode === undefined ? ['AlwaysAllow'] : modesIn(mode);
  return [{
    modes,
    item: {
      resource: refOf(controlPlanePods, pod), path: `spec.containers[${start.index}].command`, grade: 'inferred',
      value: mode === undefined ? 'no --authorization-mode' : `--authorization-mode=${mode}`, derivation: 'the static pod is started so',
    },
  }];
}

function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** `[Node,RBAC]` as /flagz prints a list, `Node,RBAC` as it is typed. */
function modesIn(text: string): readonly string[] {
  return text.replaceAll(/[[\]\s]/g, '').split(',').filter(mode => mode !== '');
}

/** What is to be said where rights are listed, since an authorizer beside RBAC may give more or fewer. */
export function authorizerNotes(disagreements: readonly Disagreement[], others: readonly string[] = [], isWithoutRbac = false): readonly string[] {
  return [
    ...(isWithoutRbac ? ['RBAC is not among the authorizers of this API server: bindings decide nothing'] : []),
    ...(others.length === 0 ? [] : [`the API server also asks ${others.join(', ')}: what ${others.length === 1 ? 'it allows' : 'they allow'} cannot be seen here`]),
    ...disagreements.map(({ about, allowed }) => `the API server ${allowed ? 'allows' : 'refuses'} you to ${about}, and RBAC alone would ${allowed ? 'not' : 'allow it'}: another authorizer decides as well`),
  ];
}
