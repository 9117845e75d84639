import type { AuditReport } from '../engine/report-model.ts';
import type { ReplicaRow, SecretsView } from '../indexes/secrets-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paintWord, type Style } from './style.ts';
import { renderTable } from './text-table.ts';

/** Whether Secrets are encrypted at rest, replica by replica, and how that is known. */
export function renderSecrets(report: AuditReport, style: Style): string {
  const view = report.views.secrets;
  const sections = [header(report, style)];
  if (view !== undefined && 'replicas' in view) sections.push(replicaTable(view, style), storedLine(view), openLines(view));
  sections.push(renderFindings(report, style));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

const COLOUR: Readonly<Record<ReplicaRow['verdict'], string>> = {
  encrypted: 'passed',
  encryptedWritesUnseen: 'passed',
  plaintextRemains: 'medium',
  identityFirst: 'failed',
  notCovered: 'failed',
  notConfigured: 'failed',
  unknown: 'notAssessed',
};

const KNOWN_FROM: Readonly<Record<ReplicaRow['knownFrom'], string>> = {
  metrics: 'its own counters',
  settings: 'flags and health checks',
  none: 'nothing could be read',
};

function replicaTable({ replicas }: SecretsView, style: Style): string {
  return renderTable(
    replicas,
    [
      { header: 'REPLICA', value: ({ of }) => of },
      { header: 'SECRETS AT REST', value: ({ words }) => words, flexible: true, paint: (text, { verdict }) => paintWord(style, COLOUR[verdict], text) },
      { header: 'PROVIDER', value: ({ providers, keys }) => [...providers, ...(keys.length === 0 ? [] : [`keys ${keys.join(', ')}`])].join('; ') },
      { header: 'KNOWN FROM', value: ({ knownFrom }) => KNOWN_FROM[knownFrom] },
    ],
    style,
  );
}

function storedLine({ stored }: SecretsView): string {
  if ('gaps' in stored) return escapeForTerminal(`Stored Secrets: not known (${stored.gaps.map(({ detail }) => detail).join('; ')})`);
  return `Stored Secrets: ${stored.atLeast ? 'at least ' : ''}${stored.count}`;
}

function openLines({ replicas }: SecretsView): string {
  return replicas
    .flatMap(({ of, open }) => open.map(question => escapeForTerminal(`${of}: ${question}`)))
    .join('\n');
}
