import { formatRef } from '../../evidence/resource-ref.ts';
import { formatSubject } from '../../evidence/subject.ts';
import type { PolicyRule } from '../../indexes/rbac-matcher.ts';
import { powersOf, reachOf, type Impact, type Reach } from '../../indexes/rbac-power.ts';
import { rbacTampering, type ComparedDefault } from '../../indexes/rbac-tampering.ts';
import { defineCheck, unknownTarget, type Finding, type Severity } from '../define-check.ts';
import { itemOf, whereOf } from './grant-finding.ts';

const severities: Readonly<Record<Impact, Severity>> = { takeover: 'high', write: 'medium', read: 'low', paths: 'low', public: 'low' };

export default defineCheck({
  id: 'rbac-tampered-default',
  title: 'Built-in role or binding was changed',
  severity: 'high',
  rationale:
    'The API server puts back what is missing of its own roles and bindings when it starts, and keeps what was added. People trust ' +
    'these names without looking, so an extra rule or subject stays for years, and is a favourite place to keep a way back in.',
  remediation: {
    change:
      'Take the extra rule or subject out, and bind whoever needs it by a role and binding with a name of its own. Where a labelled ' +
      'ClusterRole brings the rule, take the label off that one. Remove the annotation rbac.authorization.kubernetes.io/autoupdate.',
    mayBreak:
      'Whoever relies on the extra rule or subject is refused from then on: look first at who asks for it in the audit log. After an ' +
      'upgrade, an old rule that newer versions no longer need is left over and does no harm when it goes.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.1' },
  ],
  references: [
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#auto-reconciliation',
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles',
  ],
  scope: 'namespace',

  needs: { tampering: rbacTampering },
  *targets({ tampering }) {
    for (const each of tampering.compared) {
      // The rules may be those of a version that is not known; subjects and the annotation are told all the same.
      if (each.unknownVersion !== undefined) yield unknownTarget(`rules of ${formatRef(each.ref)}`, [each.unknownVersion]);
      yield each.unknownVersion === undefined ? each : { ...each, extraRules: [] };
    }
    for (const { of, gaps } of tampering.unread) yield unknownTarget(of, gaps);
  },

  inspect: target => extraRules(target) ?? extraSubjects(target) ?? optedOut(target) ?? leftRules(target),
});

function extraRules({ ref, extraRules: extra }: ComparedDefault): Finding | undefined {
  const [first] = extra;
  if (first === undefined) return undefined;
  const strongest = strongestOf(extra.map(each => each.rule), 'cluster');
  const bringers = [...new Set(extra.flatMap(each => each.broughtBy.map(formatRef)))].sort();
  // What authors of custom resources add to view, edit and admin by a label is how aggregation is meant.
  const isByLabel = extra.every(each => each.broughtBy.length > 0);
  const severity = isByLabel ? (strongest?.impact === 'takeover' ? 'medium' : 'info') : severities[strongest?.impact ?? 'public'];
  return {
    resource: ref,
    severity,
    message: `${formatRef(ref)} lets its holders ${strongest?.words ?? 'do nothing more'} beyond what the API server gives it${isByLabel ? `, by the label of ${bringers.join(', ')}` : ''}`,
    evidence: [itemOf(ref, `rules[${first.ruleIndex}]`, first.rule), ...extra.slice(1).map(({ ruleIndex, rule }) => itemOf(ref, `rules[${ruleIndex}]`, rule))],
    cause: `${ref.kind} ${ref.name}`,
    discriminator: 'rules',
    ...(isByLabel && severity === 'info' ? { origin: 'add-on' } : {}),
  };
}

function extraSubjects({ ref, extraSubjects: extra, role }: ComparedDefault): Finding | undefined {
  const [first, ...others] = extra;
  if (first === undefined || role === undefined) return undefined;
  const strongest = role.rules === undefined ? undefined : strongestOf(role.rules, reachOf(ref));
  const names = extra.map(({ subject }) => formatSubject(subject)).join(', ');
  return {
    resource: ref,
    severity: role.rules === undefined ? 'medium' : severities[strongest?.impact ?? 'public'],
    message: role.isOther
      ? `${formatRef(ref)} bears the name of a built-in binding and gives ${formatRef(role.ref)} to ${names}`
      : `${formatRef(ref)} names ${names} beside the subjects that the API server gives it, who can ${strongest?.words ?? (role.rules === undefined ? `do what ${formatRef(role.ref)} allows, which could not be read` : 'do nothing by it')}`,
    evidence: [itemOf(ref, `subjects[${first.subjectIndex}]`, first.entry), ...others.map(({ subjectIndex, entry }) => itemOf(ref, `subjects[${subjectIndex}]`, entry))],
    cause: `${ref.kind} ${ref.name}`,
    discriminator: 'subjects',
  };
}

function optedOut({ ref, isOptedOut }: ComparedDefault): Finding | undefined {
  if (!isOptedOut) return undefined;
  return {
    resource: ref,
    severity: 'low',
    message: `${formatRef(ref)} is no longer repaired by the API server when something is taken out of it`,
    evidence: [{
      resource: ref, path: 'metadata.annotations["rbac.authorization.kubernetes.io/autoupdate"]', value: 'false', grade: 'exact',
      reproduce: ['kubectl', 'get', ...whereOf(ref), '-o', 'jsonpath={.metadata.annotations.rbac\\.authorization\\.kubernetes\\.io/autoupdate}', '--', ref.name],
    }],
    cause: `${ref.kind} ${ref.name}`,
    discriminator: 'autoupdate',
  };
}

/** What older API servers gave: nobody takes it away at an upgrade, and nobody but them put it there. */
function leftRules({ ref, leftRules: left }: ComparedDefault): Finding | undefined {
  const [first, ...others] = left.map(({ ruleIndex, rule }) => itemOf(ref, `rules[${ruleIndex}]`, rule));
  if (first === undefined) return undefined;
  return {
    resource: ref, severity: 'info', origin: 'platform',
    message: `${formatRef(ref)} lets its holders ${strongestOf(left.map(each => each.rule), 'cluster')?.words ?? 'do nothing more'} as API servers of another version let them, and this one no longer does`,
    evidence: [first, ...others],
    cause: `${ref.kind} ${ref.name}`,
    discriminator: 'version',
  };
}

function strongestOf(rules: readonly PolicyRule[], reach: Reach) {
  return powersOf(rules, reach)[0];
}
