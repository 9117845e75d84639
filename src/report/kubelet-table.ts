import type { AuditReport } from '../engine/report-model.ts';
import type { KubeletRow, KubeletView } from '../indexes/kubelet-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paintWord, type Style } from './style.ts';
import { renderTable, type Column } from './text-table.ts';
import { counted } from './words.ts';

/**
 * One line for each kubelet: whether strangers come in, who decides what callers may do, whether client certificates are
 * verified, the read-only port, whether it renews its client certificate, what it serves with, and how that is known.
 */
export function renderKubelet(report: AuditReport, style: Style): string {
  const view = report.views.kubelet;
  const sections = [header(report, style)];
  if (view !== undefined && 'nodes' in view) sections.push(nodeTable(view, style), knownLines(view), intendedLine(view));
  sections.push(renderFindings(report, style));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

const UNKNOWN = '?';
const SERVING = { csr: 'by CSR', selfSigned: 'self-signed', file: 'from a file' } as const;

function nodeTable({ nodes }: KubeletView, style: Style): string {
  const column = (name: string, value: (row: KubeletRow) => string | undefined, isBad: (row: KubeletRow) => boolean = () => false): Column<KubeletRow> => ({
    header: name,
    value: row => value(row) ?? UNKNOWN,
    paint: (text, row) => (isBad(row) ? paintWord(style, 'failed', text) : value(row) === undefined ? paintWord(style, 'notAssessed', text) : text),
  });
  return renderTable(
    nodes,
    [
      { header: 'NODE', value: ({ node }) => node, flexible: true },
      { header: 'VERSION', value: ({ version }) => version ?? UNKNOWN },
      column('ANON', ({ anonymous }) => onOff(anonymous), ({ anonymous }) => anonymous === true),
      column('AUTHZ', ({ authorization }) => authorization, ({ authorization }) => authorization === 'AlwaysAllow'),
      column('CA', ({ clientCA }) => yesNo(clientCA), ({ clientCA }) => clientCA === false),
      column('RO PORT', ({ readOnlyPort }) => (readOnlyPort === 0 ? 'closed' : readOnlyPort?.toString()), ({ readOnlyPort }) => (readOnlyPort ?? 0) !== 0),
      column('RENEWS', ({ clientRotation }) => yesNo(clientRotation)),
      column('SERVING', ({ servingCertificate }) => (servingCertificate === undefined ? undefined : SERVING[servingCertificate])),
      { header: 'BY', value: ({ learnedBy }) => (learnedBy.length === 0 ? '-' : learnedBy.join(', ')) },
    ],
    style,
  );
}

function onOff(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? 'on' : 'off';
}

function yesNo(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? 'yes' : 'no';
}

/** How many are known, and why the others are not: one line a reason, however many nodes. */
function knownLines({ nodes, total, known }: KubeletView): string {
  if (known === total) return '';
  const why = Map.groupBy(
    nodes.filter(({ learnedBy }) => learnedBy.every(way => way === 'probe')).flatMap(({ node, gaps }) => gaps.map(({ detail, kind }) => ({ node, detail, kind }))).filter(({ kind }) => kind !== 'notRequested' || known === 0),
    ({ detail }) => detail,
  );
  return [
    `Settings known of ${known} of ${counted(total, 'node')}.`,
    ...[...why].map(([detail, of]) => escapeForTerminal(`not seen: ${named(of.map(({ node }) => node))} (${detail})`)),
  ].join('\n');
}

const NAMED = 3;

function named(all: readonly string[]): string {
  const more = all.length - NAMED;
  return more <= 0 ? all.join(', ') : `${all.slice(0, NAMED).join(', ')} and ${more} more`;
}

/** Worth a line only where the kubelets themselves did not say. */
function intendedLine({ total, known, intended }: KubeletView): string {
  if (known === total || !('settings' in intended)) return '';
  const { anonymous, authorization, readOnlyPort } = intended.settings;
  const said = [
    ...(anonymous === undefined ? [] : [`anonymous ${anonymous ? 'on' : 'off'}`]),
    ...(authorization === undefined ? [] : [`authorization ${authorization}`]),
    ...(readOnlyPort === undefined ? [] : [`read-only port ${readOnlyPort}`]),
  ];
  return escapeForTerminal(`kubeadm gives nodes that join: ${said.length === 0 ? 'none of these settings' : said.join(', ')}. What they run with is not proven by it.`);
}
