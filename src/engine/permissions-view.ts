import type { Check } from '../checks/define-check.ts';
import type { Permission } from '../evidence/gap.ts';
import { sourcesOf } from '../evidence/need.ts';
import type { Source } from '../evidence/source.ts';

/** What `kubectl secaudit permissions` shows. */
export interface PermissionsView {
  readonly permissions: readonly PermissionRow[];
  /** Checks that would be assessed without a gap of permission. */
  readonly assessable: readonly string[];
  /** Checks that lack at least one right that they need or could use. */
  readonly costly: readonly string[];
}

export interface PermissionRow {
  readonly permission: Permission;
  readonly answer: 'allowed' | 'denied' | 'unknown';
  /** Why the answer is unknown. */
  readonly why?: string;
  /** What is read with it. */
  readonly sources: readonly string[];
  /** The checks that use it. */
  readonly checks: readonly string[];
  /** The add-on role that carries it; absent for the base role. */
  readonly addOnRole?: string;
}

export interface Answered {
  readonly permission: Permission;
  readonly allowed?: boolean;
  readonly unknown?: string;
}

/** The distinct rights that a set of sources takes. */
export function permissionsOf(sources: Iterable<Source>): readonly Permission[] {
  const distinct = new Map<string, Permission>();
  for (const source of sources) for (const permission of source.permissions) distinct.set(JSON.stringify(permission), permission);
  return [...distinct.values()];
}

/** Joins the API server's answers with what needs each right. Sorted: denied first, then unknown. */
export function buildPermissionsView(answers: readonly Answered[], checks: readonly Check[], sources: Iterable<Source>): PermissionsView {
  const all = [...sources];
  const rows = answers.map(answer => rowOf(answer, checks, all)).sort(byAnswer);
  // What only a flag asks for costs nobody a check who does not give it.
  const always = new Set(permissionsOf(all.filter(({ optIn }) => optIn === undefined)).map(each => JSON.stringify(each)));
  const lacking = new Set(rows.filter(({ answer, permission }) => answer !== 'allowed' && always.has(JSON.stringify(permission))).flatMap(row => row.checks));
  return {
    permissions: rows,
    assessable: checks.map(({ id }) => id).filter(id => !lacking.has(id)),
    costly: checks.map(({ id }) => id).filter(id => lacking.has(id)),
  };
}

function rowOf(answer: Answered, checks: readonly Check[], sources: readonly Source[]): PermissionRow {
  const using = sources.filter(source => source.permissions.some(each => JSON.stringify(each) === JSON.stringify(answer.permission)));
  const addOnRole = using.every(source => source.addOnRole !== undefined) ? using[0]?.addOnRole : undefined;
  return {
    permission: answer.permission,
    answer: answer.allowed === undefined ? 'unknown' : answer.allowed ? 'allowed' : 'denied',
    ...(answer.unknown === undefined ? {} : { why: answer.unknown }),
    sources: using.map(({ title }) => title),
    checks: checks.filter(check => [...sourcesOf(check.needs)].some(source => using.includes(source))).map(({ id }) => id),
    ...(addOnRole === undefined ? {} : { addOnRole }),
  };
}

const ORDER = ['denied', 'unknown', 'allowed'];

function byAnswer(a: PermissionRow, b: PermissionRow): number {
  return ORDER.indexOf(a.answer) - ORDER.indexOf(b.answer) || b.checks.length - a.checks.length || (JSON.stringify(a.permission) < JSON.stringify(b.permission) ? -1 : 1);
}
