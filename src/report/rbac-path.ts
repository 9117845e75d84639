import type { AuditReport } from '../engine/report-model.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import type { RbacPathRow, RbacPathView } from '../indexes/rbac-path-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header } from './first-screen.ts';
import { paint, type Style } from './style.ts';
import { wrap } from './text-table.ts';
import { counted } from './words.ts';

/** Also into a pipe: a sentence is read, not parsed. */
const WIDTH = 100;

/** The shortest way to each goal as sentences, one hop after the other, with the bindings and the cut. */
export function renderRbacPath(report: AuditReport, style: Style): string {
  const view = report.views.rbacPath;
  const lines = view === undefined ? [] : 'gaps' in view ? view.gaps.flatMap(({ detail }) => fold(`not seen: ${detail}`, 0, style)) : viewLines(view, style);
  return `${header(report, style)}\n\n${lines.join('\n')}\n`;
}

function viewLines(view: RbacPathView, style: Style): string[] {
  const who = formatSubject(view.from);
  const known = view.boundBy.length > 0
    ? [`${who} is named by ${counted(view.boundBy.length, 'binding')}`]
    : [`No binding names ${who}${view.groups.length === 0 ? '' : `; by its name it is in ${view.groups.join(', ')}`}`];
  const ways = view.paths.flatMap(row => ['', ...pathLines(row, who, style)]);
  const none = view.paths.length > 0 ? [] : ['', `No way from ${who} to ${view.to ?? 'any goal'} was found`];
  const unread = view.unread.map(({ of, gaps }) => `not seen: ${of} (${gaps.map(({ detail }) => detail).join('; ')})`);
  const exposure = view.exposure === undefined ? [] : [view.exposure];
  return [...[...known, ...exposure].flatMap(line => fold(line, 0, style)), ...ways, ...none.flatMap(line => fold(line, 0, style)), ...(unread.length === 0 ? [] : ['', ...unread.flatMap(line => fold(line, 0, style))])];
}

function pathLines({ can, hops, cut }: RbacPathRow, who: string, style: Style): string[] {
  const cutLine = cut === undefined
    ? 'cut: no single binding; without any one of these another way is left'
    : `cut: without ${formatRef(cut.binding)} ${cut.loses} of ${counted(cut.of, 'subject')} lose the way`;
  return [
    ...fold(`${who} can ${can}`, 0, style).map(line => paint(style, 'bold', line)),
    ...hops.flatMap((hop, at) => [
      ...fold(`${at + 1}. ${hop.sentence}`, 2, style),
      ...hop.grants.flatMap(({ binding, role, ruleIndexes }) =>
        fold(`by ${formatRef(binding)}, ${ruleIndexes.map(index => `rules[${index}]`).join(' and ')} of ${formatRef(role)}`, 5, style)),
    ]),
    ...fold(cutLine, 2, style),
  ];
}

function fold(text: string, indent: number, { width }: Style): string[] {
  return wrap(escapeForTerminal(text), Math.min(WIDTH, width) - indent).map(line => ' '.repeat(indent) + line);
}
