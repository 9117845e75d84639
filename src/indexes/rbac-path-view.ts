import type { Gap } from '../evidence/gap.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { GOALS, type Goal } from './rbac-edges.ts';
import { defineIndex } from '../evidence/need.ts';
import { exposureOf, exposureWords, isOfPods, rbacExposure, type Exposures } from './rbac-exposure.ts';
import { rbacGraph, type RbacGraph } from './rbac-graph.ts';
import { rbacOutside } from './rbac-outside.ts';
import type { Unseen } from './rbac-rows.ts';
import { canonicalSubject, identityOf } from './rbac-identity.ts';
import { cutOf, GOAL_WORDS, hopSentence, pathFrom, type Cut, type PathHop } from './rbac-path.ts';

/** A pod that somebody is in. */
export interface PodSource {
  readonly kind: 'Pod';
  readonly namespace: string;
  readonly name: string;
}

/** Where from, and where to; absent for every goal. */
export interface PathQuestion {
  readonly from: Subject | PodSource;
  readonly to?: Goal;
}

/** What `kubectl secaudit rbac path` shows. */
export interface RbacPathView {
  readonly from: Subject | PodSource;
  /** What whoever is in the pod has besides; absent where the start is a subject. */
  readonly pod?: InPod;
  /** Bindings that name the subject, or the service account of the pod. */
  readonly boundBy: readonly ResourceRef[];
  /** Groups that it is in by its name alone; a certificate or identity provider may add others. */
  readonly groups: readonly string[];
  readonly to?: Goal;
  /** How pods that hold the rights can be reached from outside, as a sentence without a full stop; absent for people, whose rights no pod holds. */
  readonly exposure?: string;
  /** The shortest way to each goal that it can come to, worst goal first. */
  readonly paths: readonly RbacPathRow[];
  /** What was not seen, so that there may be more ways. */
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** What a pod gives to whoever is in it. */
export interface InPod {
  /** Whether there is such a pod; absent where pods could not be read. */
  readonly exists?: boolean;
  /** Whose token lies in it; absent where none does. */
  readonly serviceAccount?: Subject;
  /** The node that nothing keeps it from: it is privileged, or has what is as good. */
  readonly escapesTo?: string;
}

export interface RbacPathRow {
  readonly goal: Goal;
  /** To be read after "can". */
  readonly can: string;
  readonly cost: number;
  readonly hops: readonly (PathHop & { readonly sentence: string })[];
  /** The binding whose removal takes the way from most subjects; absent where no single one takes it from this one. */
  readonly cut?: Cut;
}

/** What two words of a command line mean, or the sentence that says why they mean nothing. */
export function pathQuestionOf(from: string, to: string | undefined): PathQuestion | string {
  const subject = subjectOf(from);
  if (subject === undefined) return `FROM is User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME or Pod/NAMESPACE/NAME, not ${from}`;
  if (to === undefined) return { from: subject };
  const goal = GOALS.find(each => each === to);
  return goal === undefined ? `TO is one of ${GOALS.join(', ')}, not ${to}` : { from: subject, to: goal };
}

function subjectOf(text: string): PathQuestion['from'] | undefined {
  if (text.startsWith('system:serviceaccount:')) return canonicalSubject({ kind: 'User', name: text });
  const [, kind = '', rest = ''] = /^(User|Group|ServiceAccount|Pod)\/(.+)$/s.exec(text) ?? [];
  if (kind === '') return undefined;
  if (kind !== 'ServiceAccount' && kind !== 'Pod') return canonicalSubject({ kind, name: rest });
  const [namespace = '', name = '', ...more] = rest.split('/');
  return namespace === '' || name === '' || more.length > 0 ? undefined : { kind, namespace, name };
}

/** What a question about ways is answered from. */
export interface RbacWays {
  readonly graph: RbacGraph;
  readonly exposures: Exposures;
  readonly outside: readonly Unseen[];
}

export const rbacWays = defineIndex({ id: 'rbac-ways', needs: { graph: rbacGraph, exposures: rbacExposure, outside: rbacOutside }, build: (ways): RbacWays => ways });

export function rbacPathView(ways: RbacWays, { from, to }: PathQuestion): RbacPathView {
  if (from.kind !== 'Pod') return viewFrom(ways, from, to);
  const pod = inPod(ways.graph, from);
  if (pod.serviceAccount !== undefined) return { ...viewFrom(ways, pod.serviceAccount, to), from, pod };
  return { from, pod, boundBy: [], groups: [], ...(to === undefined ? {} : { to }), paths: [], unread: unreadOf(ways, true) };
}

function inPod({ surroundings: { pods } }: RbacGraph, { namespace, name }: PodSource): InPod {
  if (pods === undefined) return {};
  const pod = pods.find(each => each.namespace === namespace && each.name === name);
  if (pod === undefined) return { exists: false };
  return {
    exists: true,
    ...(pod.serviceAccount === undefined ? {} : { serviceAccount: { kind: 'ServiceAccount' as const, namespace, name: pod.serviceAccount } }),
    ...(pod.reachesNode && pod.node !== undefined ? { escapesTo: pod.node } : {}),
  };
}

function viewFrom(ways: RbacWays, from: Subject, to: Goal | undefined): RbacPathView {
  const { graph, exposures } = ways;
  const key = formatSubject(from);
  const groups = from.kind === 'Group' ? [] : identityOf({ ...from, kind: from.kind }).groups;
  // A subject that no binding names still has its groups.
  const starts = graph.edges.find(key) !== undefined ? [key] : groups.map(group => `Group/${group}`);
  const rows = (to === undefined ? GOALS : [to]).flatMap(goal => {
    const [path] = starts.flatMap(start => pathFrom(graph, start, goal) ?? []).sort((a, b) => a.cost - b.cost);
    const start = path?.hops[0]?.from;
    if (path === undefined || start === undefined) return [];
    const cut = cutOf(graph, start, path);
    return [{
      goal, can: GOAL_WORDS[goal], cost: path.cost,
      hops: path.hops.map(hop => ({ ...hop, sentence: hopSentence(hop) })),
      ...(cut === undefined ? {} : { cut }),
    }];
  });
  return {
    from,
    boundBy: [...(graph.grantsOf.get(key) ?? []), ...graph.rbac.dangling.filter(each => formatSubject(each.subject) === key)].map(each => each.binding),
    groups,
    ...(to === undefined ? {} : { to }),
    ...(isOfPods(from) ? { exposure: exposureSentence(exposures, from) } : {}),
    paths: rows,
    unread: unreadOf(ways, isOfPods(from)),
  };
}

/** What may hold more ways and was not seen. */
function unreadOf({ graph: { rbac, surroundings, unseenTokens }, exposures, outside }: RbacWays, ofPods: boolean): RbacPathView['unread'] {
  return [
    ...[...rbac.unread, ...rbac.outOfScope].map(({ of, gaps }) => ({ of, gaps })),
    ...rbac.unresolved.map(each => ({ of: formatRef(each.binding), gaps: each.gaps })),
    ...surroundings.gaps,
    ...(ofPods ? exposures.unread.filter(({ of }) => of !== 'pods').map(({ of, gaps }) => ({ of: `how exposed pods are by ${of}`, gaps })) : []),
    ...(unseenTokens.length === 0 ? [] : [{ of: 'token Secrets', gaps: unseenTokens }]),
    ...outside,
  ];
}

function exposureSentence(exposures: Exposures, from: Subject): string {
  const exposure = exposureOf(exposures, from);
  if (exposure !== undefined) return exposureWords(exposure);
  const isAllRead = exposures.unread.length === 0;
  return isAllRead ? 'no pod that holds its token is reachable from outside by a Service, an Ingress, a route or a port of its node' : 'whether a pod that holds its token is reachable from outside is not known';
}
