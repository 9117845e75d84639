import type { Subject } from '../evidence/subject.ts';
import type { Goal } from './rbac-edges.ts';
import { isPlatformRole, platformOf } from './rbac-expected.ts';
import { defineIndex } from '../evidence/need.ts';
import { rbacGraph, type RbacGraph } from './rbac-graph.ts';
import { exposureOf, rbacExposure, type Exposure, type Exposures } from './rbac-exposure.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import type { Grant } from './rbac-grants.ts';
import { isEverything } from './rbac-power.ts';
import { holdersOf, pathFrom, type EscalationPath, type PathHop } from './rbac-path.ts';

/** A subject with its shortest way to the worst goal that it reaches by rights of its own. */
export interface Escalation {
  readonly subject: Subject;
  readonly path: EscalationPath;
  /** The grants of the first hop, of the subject or a group that it is always in. */
  readonly first: readonly [Grant, ...Grant[]];
  /** By goal, reach and effort; one step worse where pods that hold the rights can be reached from outside. */
  readonly weight: Weight;
  /** How the pods that hold the rights can be reached from outside, where they can. */
  readonly exposure?: Exposure;
}

type Weight = 'critical' | 'high' | 'medium' | 'low';

/** Worst first. What leads on to cluster-admin by itself is not looked for again. */
const goals: readonly Goal[] = ['cluster-admin', 'node', 'all-secrets', 'cloud-role', 'namespace-admin'];

/** Subjects that somebody other than a platform bound. What a platform itself bound is only a step on the way of others. */
function boundByUsers(graph: RbacGraph): string[] {
  return [...graph.grantsOf].flatMap(([key, grants]) =>
    (key !== 'Group/system:masters' && grants.some(grant => platformOf(grant) === undefined) ? [key] : []));
}

/** Whoever comes to more by rights of their own, of everybody whom somebody other than a platform bound. */
export interface RbacEscalations {
  readonly graph: RbacGraph;
  /** By formatted subject; undefined for whoever comes to nothing more. */
  readonly found: ReadonlyMap<string, Escalation | undefined>;
  readonly exposures: Exposures;
}

export const rbacEscalations = defineIndex({
  id: 'rbac-escalations',
  needs: { graph: rbacGraph, exposures: rbacExposure },
  build: ({ graph, exposures }): RbacEscalations => ({ graph, exposures, found: new Map(boundByUsers(graph).map(key => [key, exposed(escalationOf(graph, key), exposures)])) }),
});

/** A pod that anybody can talk to is taken over sooner than one that nobody reaches. What is merely possible raises nothing. */
function exposed(escalation: Escalation | undefined, exposures: Exposures): Escalation | undefined {
  const exposure = escalation && exposureOf(exposures, escalation.subject);
  if (escalation === undefined || exposure === undefined) return escalation;
  return { ...escalation, exposure, weight: exposure.degree === 'published' ? raised[escalation.weight] : escalation.weight };
}

const raised: Readonly<Record<Weight, Weight>> = { critical: 'critical', high: 'critical', medium: 'high', low: 'medium' };

/** Undefined where a subject comes to nothing, has everything already, or comes to it by a group that has a way of its own. */
function escalationOf(graph: RbacGraph, key: string): Escalation | undefined {
  const own = graph.grantsOf.get(key) ?? [];
  const subject = own[0]?.subject;
  const isOwner = own.some(grant => isEverything(grant.rules) && (grant.namespace === undefined || grant.namespace === 'kube-system'));
  if (subject === undefined || isOwner) return undefined;
  for (const goal of goals) {
    const path = pathFrom(graph, key, goal);
    const [hop] = path?.hops ?? [];
    if (path === undefined || hop === undefined) continue;
    const [first, ...others] = grantsIn(graph, key, hop);
    if (first === undefined || [first, ...others].every(grant => platformOf(grant) !== undefined)) continue;
    // Another check says that it owns the namespace.
    if (goal === 'namespace-admin' && own.some(grant => isEverything(grant.rules))) continue;
    return { subject, path, first: [first, ...others], weight: weightOf(path, hop, [first, ...others]) };
  }
  return undefined;
}

/** The grants that a hop uses, as the holder has them. */
export function grantsIn(graph: RbacGraph, from: string, hop: PathHop): Grant[] {
  return hop.grants.flatMap(({ binding }) => {
    const wanted = formatRef(binding);
    const found = holdersOf(graph, from).flatMap(key => graph.grantsOf.get(key) ?? []).find(grant => formatRef(grant.binding) === wanted);
    return found === undefined ? [] : [found];
  });
}

/** Whether a namespace's owner or editor by a built-in role is all there is to it. */
export function isByBuiltIn(first: readonly Grant[]): boolean {
  return first.every(grant => grant.namespace !== undefined && isPlatformRole(grant));
}

function weightOf({ goal, cost, hops }: EscalationPath, hop: PathHop, first: readonly Grant[]): Weight {
  // Nothing but a missing Pod Security label leads from every namespace to its nodes: that is one fault, and not one of each binding.
  if (hop.namespace !== undefined && hop.byPodOnNode) return isByBuiltIn(first) ? 'low' : 'medium';
  if (goal === 'namespace-admin' || goal === 'cloud-role') return isByBuiltIn(first) ? 'low' : 'medium';
  if (goal !== 'cluster-admin') return 'high';
  return cost <= 4 && !hops.some(each => each.provided !== undefined) ? 'critical' : 'high';
}
