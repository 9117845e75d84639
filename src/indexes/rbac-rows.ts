import type { Gap } from '../evidence/gap.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import type { RbacGrants } from './rbac-grants.ts';
import { ROWS, type RbacRows } from './rbac-view.ts';

/** Something that could not be read and might hold more answers. */
export interface Unseen {
  readonly of: string;
  readonly gaps: readonly Gap[];
}

/** A list cut off at a limit, with the number of all, where that is not the list's own. */
export function rowsOf<Row>(all: readonly Row[], limit = ROWS, total = all.length): RbacRows<Row> {
  return { total, rows: all.slice(0, limit) };
}

/** What of the bindings was not seen, as far as it could matter. */
export function unseenOf(
  rbac: RbacGrants,
  asked: string | undefined,
  canMatter: (bound: { readonly namespace?: string; readonly isClusterWide: boolean }) => boolean,
): Unseen[] {
  const unread = [...rbac.unread, ...rbac.outOfScope].filter(each => canMatter({ isClusterWide: each.isClusterWide }));
  const unresolved = rbac.unresolved.filter(each => canMatter({ isClusterWide: each.namespace === undefined, ...(each.namespace === undefined ? {} : { namespace: each.namespace }) }));
  const byBinding = new Map(unresolved.map(each => [formatRef(each.binding), { of: `the role of ${formatRef(each.binding)}`, gaps: each.gaps }]));
  return [...unread.map(({ of, gaps }) => ({ of, gaps })), ...elsewhere(rbac, asked).filter(() => canMatter({ isClusterWide: false })), ...byBinding.values()];
}

/** A run of one namespace has read no RoleBinding of another. */
function elsewhere({ namespace }: RbacGrants, asked: string | undefined): Unseen[] {
  if (namespace === undefined || asked === namespace) return [];
  const detail = `only namespace ${namespace} was read`;
  return [{ of: `RoleBindings in ${asked === undefined ? 'other namespaces' : `namespace ${asked}`}`, gaps: [{ kind: 'outOfScope', reason: 'namespaceOnly', detail }] }];
}

/** By code unit: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
