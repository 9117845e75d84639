import type { AuditReport } from '../engine/report-model.ts';
import type { KubeletRow, KubeletView } from '../indexes/kubelet-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paintWord, type Style } from './style.ts';
import { renderTable, type Column } from './text-table.ts';
import { counted } from './words.ts';

/** One line for each kubelet: who may come in, what is open, what it serves with, and how that is known. */
export function renderKubelet(report: AuditReport, style: Style): string {
  const view = report.views.kubelet;
  const sections = [header(report, style)];
  if (view !== undefined && 'nodes' in view) sections.push(nodeTable(view, style), knownLine(view), intendedLine(view));
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
      column('ANONYMOUS', ({ anonymous }) => onOff(anonymous), ({ anonymous }) => anonymous === true),
      column('AUTHORIZATION', ({ authorization }) => authorization, ({ authorization }) => authorization === 'AlwaysAllow'),
      column('CLIENT CA', ({ clientCA }) => yesNo(clientCA), ({ clientCA }) => clientCA === false),
      column('READ-ONLY', ({ readOnlyPort }) => (readOnlyPort === 0 ? 'closed' : readOnlyPort?.toString()), ({ readOnlyPort }) => (readOnlyPort ?? 0) !== 0),
      column('ROTATES', ({ clientRotation }) => yesNo(clientRotation)),
      column('SERVES WITH', ({ servingCertificate }) => (servingCertificate === undefined ? undefined : SERVING[servingCertificate])),
      { header: 'LEARNED BY', value: learned, flexible: true },
    ],
    style,
  );
}

function learned({ learnedBy, gaps }: KubeletRow): string {
  const known = learnedBy.join(', ');
  // With the configuration read, what else could have been tried is no loss.
  return learnedBy.some(way => way !== 'probe') || gaps.length === 0 ? known : [known, ...new Set(gaps.map(({ detail }) => detail))].filter(part => part !== '').join('; ');
}

function onOff(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? 'on' : 'off';
}

function yesNo(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? 'yes' : 'no';
}

function knownLine({ total, known }: KubeletView): string {
  return known === total ? '' : `Settings known of ${known} of ${counted(total, 'node')}.`;
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
