import type { Unseen } from '../indexes/rbac-rows.ts';
import type { RbacRows } from '../indexes/rbac-view.ts';
import { escapeForTerminal } from './escape.ts';
import type { Style } from './style.ts';
import { wrap } from './text-table.ts';

/** Lines shown of what was not seen. */
const SHOWN = 10;

/** `not seen: RoleBindings in all namespaces (this user may not read RoleBindings)`: what might hold more answers. */
export function notSeen({ total, rows }: RbacRows<Unseen>, style: Style): string {
  const shown = rows.slice(0, SHOWN);
  const lines = shown.flatMap(({ of, gaps }) => folded(`not seen: ${of} (${gaps.map(({ detail }) => detail).join('; ')})`, style));
  return [...lines, ...(total > shown.length ? [`not seen: ${total - shown.length} more; -o json lists them`] : [])].join('\n');
}

/** A sentence in as many lines as the terminal wants, escaped; one line into a pipe. */
export function folded(text: string, { width }: Style): string[] {
  return wrap(escapeForTerminal(text), width);
}
