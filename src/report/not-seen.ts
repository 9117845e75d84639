import type { Unseen } from '../indexes/rbac-rows.ts';
import type { RbacRows } from '../indexes/rbac-view.ts';
import { escapeForTerminal } from './escape.ts';

/** Lines shown of what was not seen. */
const SHOWN = 10;

/** `not seen: RoleBindings in all namespaces (this user may not read RoleBindings)`: what might hold more answers. */
export function notSeen({ total, rows }: RbacRows<Unseen>): string {
  const lines = rows.slice(0, SHOWN).map(({ of, gaps }) => escapeForTerminal(`not seen: ${of} (${gaps.map(({ detail }) => detail).join('; ')})`));
  return [...lines, ...(total > lines.length ? [`not seen: ${total - lines.length} more; -o json lists them`] : [])].join('\n');
}
