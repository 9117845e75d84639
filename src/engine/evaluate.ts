import { isUnknownTarget, type Check, type EvidenceItem, type Finding } from '../checks/define-check.ts';
import type { AccessFacts } from '../evidence/access-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Attempt, Attempted, Context, Index, Need, Needs } from '../evidence/need.ts';
import { evidenceOf, type Snapshot } from '../evidence/snapshot.ts';

/** A target that could not be judged, as reports carry it. */
export interface UnknownResult {
  readonly of: string;
  readonly gaps: readonly Gap[];
  readonly evidence: readonly EvidenceItem[];
}

/** What one check came to. `targets` counts what was judged, without the unknown ones. */
export type CheckResult =
  | { readonly status: 'failed'; readonly targets: number; readonly findings: readonly Finding[]; readonly unknown: readonly UnknownResult[] }
  /** Findings here are of severity info only. */
  | { readonly status: 'passed'; readonly targets: number; readonly findings: readonly Finding[] }
  | {
      readonly status: 'notAssessed';
      readonly targets: number;
      readonly gaps: readonly Gap[];
      readonly findings: readonly Finding[];
      readonly unknown: readonly UnknownResult[];
    }
  | { readonly status: 'notApplicable' }
  | { readonly status: 'error'; readonly error: Error };

export type CheckStatus = CheckResult['status'];

type Resolved = { readonly value: unknown } | { readonly gaps: readonly Gap[] } | { readonly error: Error };

/** Judges checks, and resolves indexes, against one snapshot; builds each index at most once, failures included. */
export interface Evaluator {
  readonly judge: (check: Check) => CheckResult;
  /** The value of an index, or why there is none. An index that threw counts as a gap of reason `indexFailed`. */
  readonly resolve: <T>(index: Index<T>) => Attempted<T>;
}

/**
 * The one place where missing evidence turns into *not assessed*: no check and no index has to remember it.
 *
 * @param now judge as of this instant instead of the time of reading (RFC 3339)
 * @param facts what the person told about rights outside the cluster
 */
export function createEvaluator(snapshot: Snapshot, now: string = snapshot.collectedAt, facts?: AccessFacts): Evaluator {
  const { namespace } = snapshot.scope;
  const context: Context = { now, ...(namespace === undefined ? {} : { namespace }), ...(facts === undefined ? {} : { facts }) };
  const known = new Map<Need, Resolved>();

  function resolve(need: Need): Resolved {
    const before = known.get(need);
    if (before !== undefined) return before;
    const fresh = need.type === 'source' ? readSource(need) : buildIndex(need);
    known.set(need, fresh);
    return fresh;
  }

  function readSource(source: Extract<Need, { type: 'source' }>): Resolved {
    const read = evidenceOf(snapshot, source);
    return 'gap' in read ? { gaps: [read.gap] } : read;
  }

  function buildIndex(index: Index): Resolved {
    return withNeeds(index.needs, evidence => index.build(evidence, context));
  }

  function withNeeds<T>(needs: Needs, use: (evidence: never) => T): { value: T } | Exclude<Resolved, { value: unknown }> {
    const evidence: Record<string, unknown> = {};
    const gaps: Gap[] = [];
    for (const [name, need] of Object.entries(needs)) {
      if (need.type === 'attempt') {
        evidence[name] = tryNeed(need);
        continue;
      }
      const resolved = resolve(need);
      if ('error' in resolved) return resolved;
      if ('gaps' in resolved) gaps.push(...resolved.gaps);
      else evidence[name] = resolved.value;
    }
    if (gaps.length > 0) return { gaps: distinct(gaps) };
    try {
      return { value: use(evidence as never) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  function tryNeed(need: Attempt): Attempted<unknown> {
    const resolved = resolve(need.of);
    return 'error' in resolved ? { gaps: [failedIndex(need.of.id, resolved.error)] } : resolved;
  }

  function judge(check: Check): CheckResult {
    if (check.scope === 'cluster' && namespace !== undefined) {
      const detail = `${check.id} is about the whole cluster, and only namespace ${namespace} was asked for`;
      return { status: 'notAssessed', targets: 0, findings: [], unknown: [], gaps: [{ kind: 'outOfScope', reason: 'namespaceOnly', detail }] };
    }
    const outcome = withNeeds(check.needs, evidence => inspectAll(check, evidence));
    if ('error' in outcome) return { status: 'error', error: outcome.error };
    if ('gaps' in outcome) return { status: 'notAssessed', targets: 0, findings: [], unknown: [], gaps: outcome.gaps };
    return statusOf(outcome.value);
  }

  function inspectAll(check: Check, evidence: never): Inspected {
    const inspected: Inspected = { targets: 0, findings: [], unknown: [] };
    for (const target of check.targets(evidence, context)) {
      if (isUnknownTarget(target)) {
        inspected.unknown.push({ of: target.of, gaps: target.gaps, evidence: target.evidence });
        continue;
      }
      inspected.targets += 1;
      const finding = check.inspect(target as never, evidence, context);
      if (finding !== undefined) inspected.findings.push(finding);
    }
    return inspected;
  }

  return {
    judge,
    resolve<T>(index: Index<T>) {
      const resolved = resolve(index);
      if ('error' in resolved) return { gaps: [failedIndex(index.id, resolved.error)] };
      return resolved as Attempted<T>;
    },
  };
}

interface Inspected {
  targets: number;
  readonly findings: Finding[];
  readonly unknown: UnknownResult[];
}

/** Any real finding: failed, with the unknown ones counted beside it. None but something unknown: not assessed. */
function statusOf({ targets, findings, unknown }: Inspected): CheckResult {
  if (findings.some(finding => finding.severity !== 'info')) return { status: 'failed', targets, findings, unknown };
  if (unknown.length > 0) {
    return { status: 'notAssessed', targets, findings, unknown, gaps: distinct(unknown.flatMap(each => each.gaps)) };
  }
  return targets === 0 ? { status: 'notApplicable' } : { status: 'passed', targets, findings };
}

function failedIndex(id: string, error: Error): Gap {
  return { kind: 'gap', reason: 'indexFailed', detail: `working out ${id} failed: ${error.message}` };
}

function distinct(gaps: readonly Gap[]): Gap[] {
  return [...new Map(gaps.map(gap => [JSON.stringify([gap.source, gap.kind, gap.reason, gap.detail]), gap])).values()];
}
