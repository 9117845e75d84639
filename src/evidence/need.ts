import type { AccessFacts } from './access-facts.ts';
import type { Gap } from './gap.ts';
import type { Source } from './source.ts';

/** Something worked out from sources or other indexes, at most once a run. */
export interface Index<out T = unknown> {
  readonly type: 'index';
  readonly id: string;
  readonly needs: Needs;
  readonly build: (evidence: never, context: Context) => T;
}

/**
 * A need that may be missing: the index gets the value or its gaps. For indexes only, where several sources can answer
 * one question or add to one inventory. A check that wants this wants an index.
 */
export interface Attempt<out T = unknown> {
  readonly type: 'attempt';
  readonly of: Source | Index;
  readonly evidence?: T;
}

/** The outcome of an attempt. */
export type Attempted<T> = { readonly value: T } | { readonly gaps: readonly Gap[] };

/** What is the same for the whole snapshot, so that nothing needs a clock or a flag. */
export interface Context {
  /** Judged as of this instant: when the cluster was read, unless the person said otherwise. RFC 3339, UTC. */
  readonly now: string;
  /** The one namespace of the run; absent for the whole cluster. */
  readonly namespace?: string;
  /** What the person told about rights outside the cluster, with --facts. */
  readonly facts?: AccessFacts;
}

export type Need = Source | Index;
export type Needs = Readonly<Record<string, Need | Attempt>>;

type Value<N> = N extends Source<infer T> ? T : N extends Index<infer T> ? T : never;

/** What a function that declares these needs is handed, and nothing more. */
export type EvidenceFor<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Attempt<infer T> ? Attempted<T> : Value<N[K]>;
};

export function attempt<N extends Need>(need: N): Attempt<Value<N>> {
  return { type: 'attempt', of: need };
}

export function defineIndex<const N extends Needs, T>(index: {
  readonly id: string;
  readonly needs: N;
  readonly build: (evidence: EvidenceFor<N>, context: Context) => T;
}): Index<T> {
  return { type: 'index', id: index.id, needs: index.needs, build: index.build };
}

/** The sources that a set of needs comes down to, through any indexes and attempts, each once. */
export function sourcesOf(needs: Needs, found = new Set<Source>()): ReadonlySet<Source> {
  for (const declared of Object.values(needs)) {
    const need = declared.type === 'attempt' ? declared.of : declared;
    if (need.type === 'source') found.add(need);
    else sourcesOf(need.needs, found);
  }
  return found;
}
