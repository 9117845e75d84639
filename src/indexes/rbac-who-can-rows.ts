import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import type { Subject } from '../evidence/subject.ts';
import type { Grant } from './rbac-grants.ts';
import { compareText, rowsOf } from './rbac-rows.ts';
import { NAMES, ROWS, type RbacRows } from './rbac-view.ts';

/** How one binding lets somebody do it. */
export interface Way {
  readonly binding: ResourceRef;
  readonly role: ResourceRef;
  readonly ruleIndex: number;
}

/** One subject that can, with one reach. */
export interface WhoCanRow {
  readonly subject: Subject;
  /** Whom the subject stands for, where that is not its name: `every service account of namespace shop`. */
  readonly covers?: string;
  /** Where: absent for everywhere. */
  readonly namespaces?: RbacRows<string>;
  /** Only these objects, and only in requests that name one; absent for all. */
  readonly names?: RbacRows<string>;
  /** Empty for members of system:masters, who are let through before RBAC is asked. */
  readonly through: RbacRows<Way>;
  /** The platform itself made every one of these bindings. */
  readonly expected: boolean;
}

/** How a list of rules answers: its first rule, and the names that it is limited to. */
export interface Match {
  readonly ruleIndex: number;
  readonly names?: readonly string[];
  /** Equal for equal lists of names. */
  readonly namesKey?: string;
}

/** A subject with one reach: what is shown as one line. */
interface Row {
  readonly order: number;
  readonly ways: { readonly grant: Grant; readonly match: Match }[];
  isExpected: boolean;
}

/**
 * Collects grants into rows, the widest reach first, then by the subject's name. An answer may have many thousand rows of which
 * some hundred are shown, so nothing is built for the others.
 */
export function createRows(subjectCount: number) {
  // For answers about every object, most of them by far: bit 1 where there is a row, bit 2 where a user's grant is behind it.
  const marks = new Uint8Array(2 * subjectCount);
  const grants: Grant[] = [];
  const matches: Match[] = [];
  const slots: number[] = [];
  const limited = new Map<string, Map<number, Row>>();
  return {
    add(grant: Grant, match: Match, subject: number, isExpected: boolean): void {
      const reach = grant.namespace === undefined ? 0 : subjectCount;
      if (match.names === undefined) {
        marks[reach + subject] = (marks[reach + subject] ?? 0) | (isExpected ? 1 : 3);
        grants.push(grant);
        matches.push(match);
        slots.push(reach + subject);
        return;
      }
      let ofNames = limited.get(match.namesKey ?? '');
      if (ofNames === undefined) limited.set(match.namesKey ?? '', (ofNames = new Map<number, Row>()));
      let row = ofNames.get(reach + subject);
      if (row === undefined) ofNames.set(reach + subject, (row = { order: reach + subject, ways: [], isExpected: true }));
      row.ways.push({ grant, match });
      row.isExpected &&= isExpected;
    },
    list(): { readonly total: number; readonly expected: number; readonly first: readonly WhoCanRow[] } {
      const shown = new Map<number, Row>();
      const named = [...limited.values()].flatMap(rows => [...rows.values()]);
      let total = named.length;
      let expected = named.filter(row => row.isExpected).length;
      for (let order = 0; order < marks.length; order += 1) {
        const mark = marks[order] ?? 0;
        if (mark === 0) continue;
        total += 1;
        if (mark === 1) expected += 1;
        if (shown.size < ROWS) shown.set(order, { order, ways: [], isExpected: mark === 1 });
      }
      for (let at = 0; at < slots.length; at += 1) {
        const row = shown.get(slots[at] ?? -1);
        const grant = grants[at];
        const match = matches[at];
        if (row !== undefined && grant !== undefined && match !== undefined) row.ways.push({ grant, match });
      }
      if (shown.size < ROWS) for (const row of named.sort((a, b) => a.order - b.order)) shown.set(-1 - shown.size, row);
      return { total, expected, first: [...shown.values()].slice(0, ROWS).flatMap(rowOf) };
    },
  };
}

function rowOf({ ways, isExpected }: Row): WhoCanRow[] {
  const [first] = ways;
  if (first === undefined) return [];
  const { grant: { subject, namespace }, match: { names } } = first;
  const namespaces = [...new Set(ways.flatMap(({ grant }) => grant.namespace ?? []))].sort();
  const through = ways.map(({ grant: { binding, role }, match: { ruleIndex } }) => ({ binding, role, ruleIndex })).sort((a, b) => compareText(formatRef(a.binding), formatRef(b.binding)));
  return [{
    subject,
    ...coversOf(subject),
    ...(namespace === undefined ? {} : { namespaces: rowsOf(namespaces, NAMES) }),
    ...(names === undefined ? {} : { names: rowsOf(names, NAMES) }),
    through: rowsOf(through, NAMES),
    expected: isExpected,
  }];
}

export function coversOf({ kind, name }: Subject): { readonly covers?: string } {
  const covers = kind === 'Group' ? groupWords(name) : undefined;
  return covers === undefined ? {} : { covers };
}

/** Whom a group that the API server itself fills stands for. */
function groupWords(name: string): string | undefined {
  const accounts = /^system:serviceaccounts:(.+)$/.exec(name)?.[1];
  if (accounts !== undefined) return `every service account of namespace ${accounts}`;
  return Object.hasOwn(FILLED_GROUPS, name) ? FILLED_GROUPS[name] : undefined;
}

const FILLED_GROUPS: Readonly<Record<string, string>> = {
  'system:masters': 'allowed before any authorizer is asked; certificates and tokens say who, and nobody lists those',
  'system:authenticated': 'everybody who can log in, service accounts too',
  'system:unauthenticated': 'anyone who reaches the API server',
  'system:serviceaccounts': 'every service account',
  'system:nodes': 'every node',
  'system:bootstrappers': 'every bootstrap token',
};
