import type { AuditReport } from '../engine/report-model.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import type { InPod, RbacPathRow, RbacPathView } from '../indexes/rbac-path-view.ts';
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
  const { from, pod, boundBy, groups } = view;
  const who = from.kind === 'Pod' ? `Pod/${from.namespace}/${from.name}` : formatSubject(from);
  const holder = from.kind === 'Pod' ? pod?.serviceAccount : from;
  const subject = holder === undefined ? undefined : formatSubject(holder);
  const known = [
    ...(pod === undefined ? [] : podLines(who, pod)),
    ...(subject === undefined ? [] : boundBy.length > 0
      ? [`${subject} is named by ${counted(boundBy.length, 'binding')}`]
      : [`No binding names ${subject}${groups.length === 0 ? '' : `; by its name it is in ${groups.join(', ')}`}`]),
  ];
  const ways = view.paths.flatMap(row => ['', ...pathLines(row, who, style)]);
  const none = view.paths.length > 0 || subject === undefined ? [] : ['', `No way ${pod?.escapesTo === undefined ? '' : 'by rights '}from ${who} to ${view.to ?? 'any goal'} was found`];
  const unread = view.unread.map(({ of, gaps }) => `not seen: ${of} (${gaps.map(({ detail }) => detail).join('; ')})`);
  const exposure = view.exposure === undefined ? [] : [view.exposure];
  return [...[...known, ...exposure].flatMap(line => fold(line, 0, style)), ...ways, ...none.flatMap(line => fold(line, 0, style)), ...(unread.length === 0 ? [] : ['', ...unread.flatMap(line => fold(line, 0, style))])];
}

/** What whoever is in a pod has. */
function podLines(who: string, { exists, serviceAccount, escapesTo }: InPod): string[] {
  if (exists === undefined) return [`Whether there is ${who}, and whose token lies in it, is not known`];
  if (!exists) return [`There is no ${who}`];
  return [
    serviceAccount === undefined ? `${who} holds no token of a service account` : `${who} holds the token of ${formatSubject(serviceAccount)}`,
    ...(escapesTo === undefined ? [] : [`Nothing keeps ${who} from being root on node ${escapesTo}, where the tokens of the other pods lie as well`]),
  ];
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
