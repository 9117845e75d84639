import type { Argv, EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Context, EvidenceFor, Need, Needs } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { Subject } from '../evidence/subject.ts';

/** Worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A check's id begins with its family; folder under src/checks, command and id prefix are the same word. */
export const FAMILIES = [
  'pki',
  'rbac',
  'kubelet',
  'control-plane',
  'versions',
  'network',
  'secrets',
  'workloads',
  'policy',
  'logging',
  'supply-chain',
] as const;
export type Family = (typeof FAMILIES)[number];

/** A numbered requirement of a benchmark. */
export interface Control {
  readonly framework: 'owasp-2025' | 'owasp-2022' | 'cis' | 'nsa' | 'pss' | 'mitre';
  readonly version: string;
  readonly id: string;
}

export type { Argv, EvidenceItem };

/** One check failing for one target. */
export interface Finding {
  readonly resource: ResourceRef;
  readonly subject?: Subject;
  /** Where it differs from the check's own, which is the highest. */
  readonly severity?: Severity;
  /** One sentence without a full stop, with the names in it. */
  readonly message: string;
  readonly evidence: readonly [EvidenceItem, ...EvidenceItem[]];
  /** Findings with the same cause are one line of a table: `ClusterRoleBinding ops`, `kubelet v1.34`. */
  readonly cause: string;
  /** Tells findings of one check on one resource and subject apart; never a serial, index or time. */
  readonly discriminator?: string;
  /** Commands that make this very finding go away, in order. What they may break is in the check's remediation. */
  readonly fix?: readonly Argv[];
  /** Who put it there, by content and never by name alone. Absent means a user. */
  readonly origin?: 'platform' | 'add-on';
}

/** A target that could not be judged. Made with {@link unknownTarget}; the engine counts it, `inspect` never sees it. */
export interface UnknownTarget {
  readonly [unknownMark]: true;
  readonly of: string;
  readonly gaps: readonly Gap[];
  readonly evidence: readonly EvidenceItem[];
}
const unknownMark: unique symbol = Symbol('unknown target');

/**
 * @param of what could not be judged, in a few words: `API server replica 2`, `RoleBinding/shop/ops`
 * @param gaps why, at least one
 * @param evidence what is known all the same (a flag that says "configured", a vendor's word)
 */
export function unknownTarget(of: string, gaps: readonly Gap[], evidence: readonly EvidenceItem[] = []): UnknownTarget {
  return { [unknownMark]: true, of, gaps, evidence };
}

export function isUnknownTarget(target: unknown): target is UnknownTarget {
  return typeof target === 'object' && target !== null && unknownMark in target;
}

/** What a check says about itself; pages, catalogue, completion and the ClusterRole are made from it. */
export interface CheckWords {
  readonly id: string;
  /** Ids it had before, so that exception files keep working. */
  readonly aliases?: readonly string[];
  /** The failing state as a sentence without a full stop. */
  readonly title: string;
  /** The highest severity its findings may have. */
  readonly severity: Exclude<Severity, 'info'>;
  /** Why it matters, one or two sentences. */
  readonly rationale: string;
  readonly remediation: {
    /** What to run or change, in the imperative, ending in a full stop. */
    readonly change: string;
    /** What that may break, and how to look first. */
    readonly mayBreak: string;
  };
  readonly controls: readonly [Control, ...Control[]];
  readonly references: readonly [string, ...string[]];
  /** `cluster`: about the cluster as a whole, out of scope with `-n`. `namespace`: also meaningful for one namespace. */
  readonly scope: 'cluster' | 'namespace';
}

export interface Check extends CheckWords {
  readonly needs: Readonly<Record<string, Need>>;
  readonly targets: (evidence: never, context: Context) => Iterable<unknown>;
  readonly inspect: (target: never, evidence: never, context: Context) => Finding | undefined;
}

/** `needs`, then `targets`, then `inspect`: the compiler infers in that order. */
export function defineCheck<const N extends Readonly<Record<string, Need>>, T>(
  check: CheckWords & {
    readonly needs: N;
    /** The things to look at, each once; none means the check does not apply. */
    readonly targets: (evidence: EvidenceFor<N & Needs>, context: Context) => Iterable<T | UnknownTarget>;
    readonly inspect: (target: T, evidence: EvidenceFor<N & Needs>, context: Context) => Finding | undefined;
  },
): Check {
  return check;
}

/** The family of a check, from its id. */
export function familyOf(check: { readonly id: string }): Family {
  const family = FAMILIES.find(name => check.id.startsWith(`${name}-`));
  if (family === undefined) throw new Error(`check ${check.id} begins with no known family`);
  return family;
}
