import type { AuditReport } from '../engine/report-model.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import type { AccessPower, AccessRule, AccessScope, AccessView } from '../indexes/rbac-access.ts';
import type { PolicyRule } from '../indexes/rbac-matcher.ts';
import { header } from './first-screen.ts';
import { folded, notSeen } from './not-seen.ts';
import { paint, type Style } from './style.ts';
import { renderTable } from './text-table.ts';
import { counted } from './words.ts';

/** How much a table shows; `-o wide` shows what the report holds. */
const SHOWN = { powers: 12, scopes: 6, rules: 12 } as const;
const WIDE = { powers: Infinity, scopes: Infinity, rules: Infinity } as const;

/** What one subject may do, strongest first. */
export function renderAccess(report: AuditReport, style: Style): string {
  return render(report, style, SHOWN);
}

/** All of it that the report holds. */
export function renderAccessWide(report: AuditReport, style: Style): string {
  return render(report, style, WIDE);
}

interface Limits {
  readonly powers: number;
  readonly scopes: number;
  readonly rules: number;
}

function render(report: AuditReport, style: Style, limits: Limits): string {
  const view = report.views.access;
  const sections = [header(report, style)];
  if (view !== undefined && 'scopes' in view) sections.push(...viewSections(view, report.judgedAt, style, limits));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

function viewSections(view: AccessView, now: string, style: Style, limits: Limits): string[] {
  const scopes = view.scopes.rows.slice(0, limits.scopes);
  return [
    identityWords(view, now, style),
    view.isMaster ? 'A member of system:masters may do anything, before RBAC is asked and whatever is bound.' : '',
    view.scopes.total === 0 ? 'Nothing that was read grants it anything.' : powerTable(view, style, limits),
    ...scopes.map(scope => scopeTable(scope, style, limits)),
    left(view.scopes.total - scopes.length, 'more namespace', limits),
    notSeen(view.unseen, style),
  ];
}

function identityWords({ question, bindings, rules }: AccessView, now: string, style: Style): string {
  const of = (from: string): string[] => question.groups.filter(group => group.from === from && `Group/${group.name}` !== question.subject).map(({ name }) => name);
  const groups = [
    ...(of('certificate').length === 0 ? [] : [`${of('certificate').join(', ')} by its certificate`]),
    ...(of('mapped').length === 0 ? [] : [`${of('mapped').join(', ')} by the cloud's mapping`]),
    ...(of('given').length === 0 ? [] : [`${of('given').join(', ')} as given`]),
    ...(of('implicit').length === 0 ? [] : [`${of('implicit').join(', ')} as for everybody of its kind`]),
  ];
  return [
    ...folded(`${question.subject}${question.namespace === undefined ? '' : ` in namespace ${question.namespace}`}`, style).map(line => paint(style, 'bold', line)),
    ...(groups.length === 0 ? [] : folded(`in ${groups.join('; ')}`, style)),
    ...(question.certificate === undefined ? [] : folded(certificateWords(question.certificate, now), style)),
    `${counted(rules, 'rule')} through ${counted(bindings, 'binding')}`,
  ].join('\n');
}

function certificateWords({ notBefore, notAfter }: { readonly notBefore: string; readonly notAfter: string }, now: string): string {
  if (Date.parse(now) > Date.parse(notAfter)) return `its certificate expired on ${notAfter.slice(0, 10)} and opens nothing any more`;
  if (Date.parse(now) < Date.parse(notBefore)) return `its certificate is not valid before ${notBefore.slice(0, 10)}`;
  return `its certificate is valid until ${notAfter.slice(0, 10)}, and cannot be revoked before`;
}

function powerTable({ powers }: AccessView, style: Style, limits: Limits): string {
  const rows = powers.rows.slice(0, limits.powers);
  const table = renderTable(
    rows,
    [
      { header: 'CAN', value: ({ can }: AccessPower) => can, flexible: true },
      { header: 'WHERE', value: ({ namespace }) => namespace ?? 'everywhere', flexible: true },
    ],
    style,
  );
  return [table, left(powers.total - rows.length, 'more', limits)].filter(line => line !== '').join('\n');
}

function scopeTable({ namespace, rules }: AccessScope, style: Style, limits: Limits): string {
  const rows = rules.rows.slice(0, limits.rules);
  const table = renderTable(
    rows,
    [
      { header: 'VERBS', value: ({ rule }: AccessRule) => (rule.verbs ?? []).join(','), flexible: true },
      { header: 'ON', value: ({ rule, can }) => `${objectWords(rule)}${can === undefined ? ' (no effect here)' : ''}`, flexible: true },
      { header: 'THROUGH', value: ({ through }) => `${through.rows[0] === undefined ? '' : formatRef(through.rows[0].binding)}${through.total > 1 ? ` and ${through.total - 1} more` : ''}`, flexible: true },
      { header: 'VIA', value: ({ via }) => (via === undefined ? 'its name' : via.join(', ')), flexible: true },
    ],
    style,
    2,
  );
  const title = namespace === undefined ? 'Everywhere' : `In namespace ${namespace}`;
  const more = left(rules.total - rows.length, 'more rule', limits);
  return `${folded(title, style).map(line => paint(style, 'bold', line)).join('\n')}\n${table}${more === '' ? '' : `\n  ${more}`}`;
}

/** `pods, services; deployments (apps); only a, b`. */
function objectWords({ apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): string {
  const groups = apiGroups.filter(group => group !== '');
  const words = [
    ...(resources.length === 0 ? [] : [`${resources.join(', ')}${groups.length === 0 ? '' : ` (${apiGroups.map(group => (group === '' ? 'core' : group)).join(', ')})`}`]),
    ...(nonResourceURLs.length === 0 ? [] : [nonResourceURLs.join(', ')]),
    ...(resourceNames.length === 0 ? [] : [`only ${resourceNames.join(', ')}`]),
  ];
  return words.join('; ');
}

function left(count: number, what: string, limits: Limits): string {
  if (count <= 0) return '';
  return `and ${what === 'more' ? `${count} more` : counted(count, what)}; -o ${limits === WIDE ? 'json' : 'wide'} lists them`;
}
