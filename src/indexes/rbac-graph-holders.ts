import type { Subject } from '../evidence/subject.ts';
import { union, type CompiledRules, type Mask } from './rbac-capabilities.ts';
import type { Grant } from './rbac-grants.ts';
import type { PolicyRule } from './rbac-matcher.ts';
import type { NamedRight } from './rbac-named-rights.ts';

/** What a subject holds by bindings that name it. */
export interface Held {
  /** By namespace; the empty string is the cluster. */
  readonly masks: Map<string, Mask>;
  readonly named: (NamedRight & { readonly namespace: string })[];
  /** The names of the ClusterRoles that it is bound to in the whole cluster. */
  readonly clusterRoles: Set<string>;
  /** The namespaces, the empty one for the cluster, in which it is bound to a ClusterRole that labels add to. */
  readonly aggregatedIn: Set<string>;
  /** Whether any of it leads on. */
  isUseful: boolean;
}

/** Everybody who is bound, and the namespaces with bindings that lead on. Each canonical subject is one object in the grants. */
export function holdersOf(grants: readonly Grant[], compile: (rules: readonly PolicyRule[]) => CompiledRules, aggregated: ReadonlySet<string>): { readonly held: ReadonlyMap<Subject, Held>; readonly bound: ReadonlySet<string> } {
  const held = new Map<Subject, Held>();
  const bound = new Set<string>();
  for (const { subject, namespace = '', role, rules } of grants) {
    const compiled = compile(rules);
    let own = held.get(subject);
    if (own === undefined) held.set(subject, (own = { masks: new Map(), named: [], clusterRoles: new Set(), aggregatedIn: new Set(), isUseful: false }));
    if (role.kind === 'ClusterRole' && aggregated.has(role.name)) own.aggregatedIn.add(namespace);
    if (!compiled.isUseful) continue;
    own.isUseful = true;
    if (namespace !== '') bound.add(namespace);
    else if (role.kind === 'ClusterRole') own.clusterRoles.add(role.name);
    const mask = namespace === '' ? compiled.cluster : compiled.namespace;
    own.masks.set(namespace, union(own.masks.get(namespace), mask) ?? mask);
    for (const each of compiled.named) own.named.push({ ...each, namespace });
  }
  return { held, bound };
}
