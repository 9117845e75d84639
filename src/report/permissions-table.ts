import { stringify } from 'yaml';
import type { AuditReport } from '../engine/report-model.ts';
import type { PermissionRow } from '../engine/permissions-view.ts';
import { policyRules } from '../engine/policy-rules.ts';
import { header } from './first-screen.ts';
import { paintWord, type Style } from './style.ts';
import { renderTable } from './text-table.ts';
import { formatPermission } from '../evidence/gap.ts';
import { counted } from './words.ts';

const COLOUR: Readonly<Record<PermissionRow['answer'], string>> = { allowed: 'passed', denied: 'failed', unknown: 'notAssessed' };

/** The rights of the caller, what each one is for, and the ClusterRole with the ones that are missing. */
export function renderPermissions(report: AuditReport, style: Style): string {
  const view = report.views.permissions;
  if (view === undefined) return `${header(report, style)}\n`;
  const table = renderTable(
    view.permissions,
    [
      { header: 'ANSWER', value: ({ answer }) => answer, paint: (text, { answer }) => paintWord(style, COLOUR[answer], text) },
      { header: 'RIGHT', value: ({ permission }) => formatPermission(permission) },
      { header: 'CHECKS', value: ({ checks }) => String(checks.length) },
      { header: 'FOR', value: ({ sources, why }) => [...sources, ...(why === undefined ? [] : [why])].join(', '), flexible: true },
    ],
    style,
  );
  return `${[header(report, style), table, verdict(view.costly), ...missing(view.permissions)].join('\n\n')}\n`;
}

function verdict(costly: readonly string[]): string {
  return costly.length === 0
    ? 'Nothing is missing: every check can be assessed as far as rights go.'
    : `${counted(costly.length, 'check')} cannot be assessed fully: ${costly.join(', ')}`;
}

/** Why nobody should be given an add-on role by the way. */
const ADD_ONS: Readonly<Record<string, string>> = {
  configmaps: 'metadata of ConfigMaps, in which OpenShift says when its authorities end, can be had only with a right that also gives their values',
  secrets: 'metadata of Secrets can be had only with a right that also gives their values; --tls-secrets takes the same right',
  'node-files': 'for --node-files alone, and only in kube-system, by a RoleBinding there: whoever may create pods there can become root on every node',
  'nodes-proxy': 'the settings of kubelets can be had through the API server only with a right that also reaches what runs commands in pods',
  'pods-portforward': 'for --tunnel alone; the right reaches whatever listens in any pod, and on 127.0.0.1 of any node',
  'pods-proxy': 'for --probe-anonymous alone; the right reaches whatever listens in any pod',
};

function missing(rows: readonly PermissionRow[]): string[] {
  const denied = rows.filter(({ answer }) => answer === 'denied');
  const addOns = [...new Set(denied.flatMap(({ addOnRole }) => addOnRole ?? []))].sort();
  return [
    ...roleLines('What would help, for "kubectl apply -f -":', 'secaudit-missing', denied.filter(({ addOnRole }) => addOnRole === undefined)),
    ...addOns.flatMap(name => roleLines(`And, only if you want to grant it (${ADD_ONS[name] ?? name}):`, `secaudit-missing-${name}`, denied.filter(({ addOnRole }) => addOnRole === name))),
  ];
}

function roleLines(title: string, name: string, rows: readonly PermissionRow[]): string[] {
  if (rows.length === 0) return [];
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: policyRules(rows.map(({ permission }) => permission)),
  };
  return [`${title}\n\n${stringify(role, { lineWidth: 0 }).trimEnd()}`];
}
