import { describe, expect, it } from 'vitest';
import { ALL_VIEWS, judge, sourcesFor, type AuditQuestion } from '../../src/audit.ts';
import { CHECKS } from '../../src/checks/registry.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import { sourcesOf, type Needs } from '../../src/evidence/need.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import type { Source } from '../../src/evidence/source.ts';
import { demoSnapshot } from '../support/demo.ts';

const everything: AuditQuestion = { selection: {}, views: ALL_VIEWS };
const GAPS: readonly Gap[] = [
  { kind: 'gap', reason: 'forbidden', detail: 'forbidden' },
  { kind: 'gap', reason: 'timeout', detail: 'timed out' },
  { kind: 'gap', reason: 'truncated', detail: 'cut off' },
  { kind: 'notObservable', reason: 'notServed', detail: 'not served' },
  { kind: 'notRequested', reason: 'flagNotGiven', detail: 'not asked for' },
];

/** The sources that a set of needs cannot do without: not those that are only attempted. */
function strictSources(needs: Needs, found = new Set<Source>()): ReadonlySet<Source> {
  for (const need of Object.values(needs)) {
    if (need.type === 'source') found.add(need);
    else if (need.type === 'index') strictSources(need.needs, found);
  }
  return found;
}

function withGap(snapshot: Snapshot, source: Source, gap: Gap): Snapshot {
  const { [source.id]: held, ...others } = snapshot.sources;
  if (held === undefined) return snapshot;
  const { projectionVersion, readAt, cost } = held;
  return { ...snapshot, sources: { ...others, [source.id]: { projectionVersion, readAt, cost, gap } } };
}

function statuses(snapshot: Snapshot, question: AuditQuestion = { ...everything, views: [] }): Map<string, string> {
  return new Map(judge(snapshot, question).checks.map(({ id, status }) => [id, status]));
}

describe('a fault in one source', async () => {
  const snapshot = await demoSnapshot();
  const before = statuses(snapshot);
  const sources = [...sourcesFor(everything)];

  it.each(sources.flatMap(source => GAPS.map(gap => [source.id, gap.reason, source, gap] as const)))('%s, %s: never turns into a pass', (_, __, source, gap) => {
    const after = statuses(withGap(snapshot, source, gap));
    for (const check of CHECKS) {
      const status = after.get(check.id);
      if (strictSources(check.needs).has(source)) expect([check.id, status]).toEqual([check.id, 'notAssessed']);
      // What could be told without the source may still be told, but nothing gets better by not looking.
      else if (status === 'passed' || status === 'notApplicable') expect([check.id, status]).toEqual([check.id, before.get(check.id)]);
      expect(status).not.toBe('error');
    }
  });

  it('in every source at once: nothing passes, nothing fails, nothing is an error', () => {
    const blind = sources.reduce((held, source) => withGap(held, source, GAPS[0]!), snapshot);
    expect(new Set(statuses(blind).values())).toEqual(new Set(['notAssessed']));
  });

  it('in every pair of sources: nothing gets better by not looking', () => {
    const needed = CHECKS.map(({ id, needs }) => [id, sourcesOf(needs)] as const);
    let pairs = 0;
    for (const [index, first] of sources.entries()) {
      for (const second of sources.slice(index + 1)) {
        // To a check that looks at one of them only, the other makes no difference.
        const checks = needed.filter(([, of]) => of.has(first) && of.has(second)).map(([id]) => id);
        if (checks.length === 0 || [first, second].some(({ id }) => 'gap' in (snapshot.sources[id] ?? { gap: 0 }))) continue;
        pairs += 1;
        const after = statuses(withGap(withGap(snapshot, first, GAPS[0]!), second, GAPS[1]!), { selection: { checks }, views: [] });
        for (const [id, status] of after) {
          if (status === 'passed' || status === 'notApplicable') expect([first.id, second.id, id, status]).toEqual([first.id, second.id, id, before.get(id)]);
        }
      }
    }
    expect(pairs).toBeGreaterThan(300);
  }, 120_000);
});
