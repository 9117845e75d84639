import type { AuditReport } from '../engine/report-model.ts';
import type { NetworkRow, NetworkView } from '../indexes/network-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paintWord, type Style } from './style.ts';
import { renderTable } from './text-table.ts';
import { counted } from './words.ts';

/** Names of nodes in one row; of more only how many there are is said, and the JSON names them. */
const NODES_SHOWN = 3;

/** Namespaces in one line of the text. */
const NAMESPACES_SHOWN = 8;

/** What enforces NetworkPolicy where, and how many policies there are. */
export function renderNetwork(report: AuditReport, style: Style): string {
  const view = report.views.network;
  const sections = [header(report, style)];
  if (view !== undefined && 'nodes' in view) sections.push(nodeTable(view, style), policyLine(view));
  sections.push(renderFindings(report, style));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

const COLOUR: Readonly<Record<NetworkRow['state'], string>> = { enforced: 'passed', off: 'failed', none: 'failed', unknown: 'notAssessed' };
const WORDS: Readonly<Record<NetworkRow['state'], string>> = { enforced: 'enforced', off: 'switched off', none: 'not enforced', unknown: 'not known' };

function nodeTable({ nodes }: NetworkView, style: Style): string {
  if (nodes.length === 0) return 'The cluster has no nodes.';
  return renderTable(
    nodes,
    [
      { header: 'NODES', value: ({ nodes: names }) => (names.length <= NODES_SHOWN ? names.join(', ') : counted(names.length, 'node')), flexible: true },
      { header: 'POD NETWORK', value: ({ networking }) => networking.join(', ') || 'not recognised' },
      { header: 'NETWORKPOLICY', value: ({ state }) => WORDS[state], paint: (text, { state }) => paintWord(style, COLOUR[state], text) },
      { header: 'BECAUSE', value: ({ how, limits }) => (limits === undefined ? how : `${how}; ${limits}`), flexible: true },
    ],
    style,
  );
}

function policyLine({ policies }: NetworkView): string {
  if ('gaps' in policies) return escapeForTerminal(`NetworkPolicies: not known (${policies.gaps.map(({ detail }) => detail).join('; ')})`);
  if (policies.count === 0) return 'NetworkPolicies: none';
  const shown = policies.namespaces.slice(0, NAMESPACES_SHOWN).map(({ namespace, count }) => `${namespace} (${count})`);
  const rest = policies.namespaces.length - shown.length;
  return escapeForTerminal(`NetworkPolicies: ${policies.count} in ${shown.join(', ')}${rest > 0 ? ` and ${counted(rest, 'more namespace')}` : ''}`);
}
