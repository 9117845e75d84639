import type { Family } from '../checks/define-check.ts';
import type { CheckStatus } from '../engine/evaluate.ts';
import type { AuditReport, ViewGaps } from '../engine/report-model.ts';
import type { KubeletRow, KubeletView } from '../indexes/kubelet-view.ts';
import type { NetworkView } from '../indexes/network-view.ts';
import type { PkiView } from '../indexes/pki-view.ts';
import type { RbacView } from '../indexes/rbac-view.ts';
import type { SecretsView } from '../indexes/secrets-view.ts';
import type { VersionsView } from '../indexes/versions-view.ts';
import { counted, inDays } from './words.ts';

/** One subject of the audit in one line. */
export interface SubjectLine {
  readonly subject: string;
  /** The worst of its checks, for the colour. */
  readonly status: CheckStatus;
  /** `2 failed, 1 not assessed`; `all passed`. */
  readonly standing: string;
  /** What was seen, in a few words; why nothing was, where it was not. */
  readonly seen: string;
}

/** One line for each subject whose view is in the report. */
export function subjectLines(report: AuditReport): readonly SubjectLine[] {
  const { pki, rbac, kubelet, versions, network, secrets } = report.views;
  return [
    ...line(report, 'certificates', 'pki', pki, pkiWords),
    ...line(report, 'RBAC', 'rbac', rbac, rbacWords),
    ...line(report, 'kubelets', 'kubelet', kubelet, kubeletWords),
    ...line(report, 'versions', 'versions', versions, versionsWords),
    ...line(report, 'network policy', 'network', network, networkWords),
    ...line(report, 'Secrets', 'secrets', secrets, secretsWords),
  ];
}

function line<View extends object>(
  report: AuditReport, subject: string, family: Family, view: View | ViewGaps | undefined, words: (view: View) => string,
): readonly SubjectLine[] {
  // With nobody logged in there is nothing to say that the handshake does not.
  if (view === undefined || report.loginRefused !== undefined) return [];
  const seen = 'gaps' in view ? `not known: ${[...new Set(view.gaps.map(({ detail }) => detail))].join('; ')}` : words(view);
  return [{ subject, ...standingOf(report, family), seen }];
}

/** How the checks of a family stand; what does not apply is left out. */
function standingOf({ checks }: AuditReport, family: Family): Pick<SubjectLine, 'status' | 'standing'> {
  const statuses = checks.filter(check => check.family === family).map(({ status }) => status);
  const count = (status: CheckStatus): number => statuses.filter(each => each === status).length;
  const parts = ([['failed', 'failed'], ['error', 'in error'], ['notAssessed', 'not assessed']] as const)
    .flatMap(([status, word]) => (count(status) > 0 ? [`${count(status)} ${word}`] : []));
  const worst = (['failed', 'error', 'notAssessed', 'passed'] as const).find(status => count(status) > 0);
  if (worst === undefined) return { status: 'notApplicable', standing: 'none applies' };
  return { status: worst, standing: worst === 'passed' ? 'all passed' : parts.join(', ') };
}

function pkiWords({ certificates, next }: PkiView): string {
  const seen = `${counted(certificates.length, 'certificate')} seen`;
  if (next?.daysLeft === undefined) return `${seen}; when one ends is not known`;
  const whose = next.instance === undefined ? next.title : `${next.title} (${next.instance})`;
  return `${seen}; ${next.daysLeft < 0 ? 'ended' : 'the next ends'} ${inDays(next.daysLeft)}: ${whose}`;
}

function kubeletWords({ nodes, total, known }: KubeletView): string {
  const count = (isSo: (row: KubeletRow) => boolean): number => nodes.filter(isSo).length;
  const said = (number: number, words: string): readonly string[] => (number === 0 ? [] : [`${number} ${words}`]);
  return [
    total === known ? `settings of ${total === 1 ? 'the one node' : `all ${total} nodes`} read` : `settings of ${known} of ${counted(total, 'node')} read`,
    ...said(count(({ anonymous }) => anonymous === true), 'let anybody in'),
    ...said(count(({ authorization }) => authorization === 'AlwaysAllow'), 'allow everything'),
    ...said(count(({ readOnlyPort }) => readOnlyPort !== undefined && readOnlyPort !== 0), 'with the read-only port open'),
  ].join('; ');
}

function rbacWords({ clusterAdmins, paths, public: everybody, unread }: RbacView): string {
  const own = clusterAdmins.rows.filter(({ platform }) => platform === undefined).length;
  return [
    own > 0 ? `${counted(own, 'cluster-admin')} beside the built-in ones` : unread.total > 0 ? 'no cluster-admin seen but the built-in ones' : 'no cluster-admin but the built-in ones',
    ...(paths.total > 0 ? [`${counted(paths.total, 'subject')} can rise to more`] : []),
    ...(everybody.rows.some(({ platform }) => platform === undefined) ? ['rights for everybody'] : []),
    ...(unread.total > 0 ? ['not all was read'] : []),
  ].join('; ');
}

function versionsWords({ components, unread }: VersionsView): string {
  const server = components.find(({ component }) => component === 'API server');
  const kubelets = components.filter(({ component }) => component !== 'API server');
  const nodes = kubelets.reduce((sum, { count }) => sum + count, 0);
  const [next] = components.flatMap(({ daysLeft, status }) => (status === 'supported' && daysLeft !== undefined ? [daysLeft] : [])).sort((a, b) => a - b);
  return [
    ...(server === undefined ? [] : [`API server ${server.version}`]),
    ...(nodes > 0 ? [`${counted(nodes, 'kubelet')} ${[...new Set(kubelets.map(({ version }) => version))].join(', ')}`] : []),
    ...(next === undefined ? [] : [`support ends ${inDays(next)}`]),
    ...unread.map(({ of }) => `${of} not seen`),
  ].join('; ');
}

function networkWords({ enforcement, nodes, policies }: NetworkView): string {
  const agents = [...new Set(nodes.flatMap(({ networking }) => networking))];
  const enforcers = [...new Set(nodes.flatMap(({ enforcer, state }) => (enforcer === undefined || state !== 'enforced' ? [] : [enforcer])))];
  const words: Readonly<Record<NetworkView['enforcement'], string>> = {
    enforced: `enforced by ${enforcers.join(', ')}`,
    mixed: `enforced on some nodes only, by ${enforcers.join(', ')}`,
    off: 'switched off on every node',
    none: 'nothing enforces it',
    unknown: 'whether anything enforces it is not known',
    noNodes: 'the cluster has no nodes',
  };
  return [
    words[enforcement],
    'gaps' in policies ? 'policies not known' : policies.count === 0 ? 'no policies' : counted(policies.count, 'policy', 'policies'),
    `pod network ${agents.join(', ') || 'not recognised'}`,
  ].join('; ');
}

const AT_REST: Readonly<Record<SecretsView['replicas'][number]['verdict'], string>> = {
  encrypted: 'encrypted at rest',
  encryptedWritesUnseen: 'all that were read are encrypted at rest',
  plaintextRemains: 'some are still in plain text',
  identityFirst: 'written in plain text',
  notCovered: 'in plain text',
  notConfigured: 'in plain text',
  unknown: 'how they are stored is not known',
};

function secretsWords({ replicas, stored }: SecretsView): string {
  const verdicts = [...new Set(replicas.map(({ verdict }) => AT_REST[verdict]))];
  const providers = [...new Set(replicas.flatMap(each => each.providers))];
  return [
    verdicts.join(', elsewhere '),
    ...(providers.length > 0 ? [providers.join(', ')] : []),
    'gaps' in stored ? 'how many are stored is not known' : `${stored.atLeast ? 'at least ' : ''}${stored.count} stored`,
  ].join('; ');
}
