import { formatRef } from '../../evidence/resource-ref.ts';
import { formatSubject } from '../../evidence/subject.ts';
import { grantsIn, isByBuiltIn, rbacEscalations, type Escalation } from '../../indexes/rbac-escalation.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import type { RbacGraph } from '../../indexes/rbac-graph.ts';
import { exposureWords, isOfPods } from '../../indexes/rbac-exposure.ts';
import { cutOf, GOAL_WORDS, hopSentence } from '../../indexes/rbac-path.ts';
import { defineCheck, unknownTarget, type Finding } from '../define-check.ts';
import { evidenceOf, fixOf, grantTargets, itemOf } from './grant-finding.ts';

export default defineCheck({
  id: 'rbac-escalation-path',
  title: 'Rights lead to more rights',
  severity: 'critical',
  rationale:
    'Some rights are worth more than they say: whoever may issue a token, act as another, or run a pod gets the rights of ' +
    'that identity, and those may lead on. What a subject can come to in several steps it owns, and so does whoever steals its credential: ' +
    'soonest that of a pod that can be reached from outside the cluster, which counts for one step more.',
  remediation: {
    change:
      'Take away the right that the first step uses, or limit it by resourceNames or to a namespace; or remove the binding that the ' +
      'message names, which takes the way from most. "kubectl secaudit rbac path" shows the way from any subject.',
    mayBreak:
      'Whatever the subject does with that right is refused from then on. Look first at what it really asks for in the audit log. ' +
      'A role or binding that an operator or a chart owns is to be changed there, or it comes back.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.8' },
  ],
  references: [
    'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks',
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping',
  ],
  scope: 'cluster',

  needs: { escalations: rbacEscalations },
  *targets({ escalations: { graph, found, exposures } }) {
    yield* found;
    // How bad a way is hangs on who reaches the pods that it begins at, and on nothing else of it.
    const unseen = exposures.unread.filter(({ of }) => of !== 'pods').flatMap(({ gaps }) => gaps);
    if (unseen.length > 0 && [...found.values()].some(each => each !== undefined && each.exposure?.degree !== 'published' && isOfPods(each.subject))) yield unknownTarget('how exposed pods are', unseen);
    for (const target of grantTargets({ ...graph.rbac, grants: [] })) if (!('subject' in target)) yield target;
    if (graph.unseenTokens.length > 0) yield unknownTarget('ways through token Secrets', graph.unseenTokens);
    for (const { of, gaps } of graph.surroundings.gaps) yield unknownTarget(`ways through ${of}`, gaps);
  },

  inspect: ([key, escalation], { escalations: { graph } }) => (escalation === undefined ? undefined : findingOf(graph, key, escalation)),
});

function findingOf(graph: RbacGraph, key: string, { subject, path, first, weight, exposure }: Escalation): Finding {
  const [grant] = first;
  const { binding, role } = grant;
  const cut = weight === 'low' ? undefined : cutOf(graph, key, path);
  const isCut = cut !== undefined && formatRef(cut.binding) === formatRef(binding);
  const isOnlyGrant = (graph.grantsOf.get(key) ?? []).length === 1;
  const canFix = (isCut || isOnlyGrant) && platformOf(grant) === undefined && formatSubject(grant.subject) === key;
  const [, ...others] = evidence(graph, path.hops);
  return {
    resource: binding,
    subject,
    severity: weight,
    message: `${key} can ${GOAL_WORDS[path.goal]} in ${path.hops.length === 1 ? 'one step' : `${path.hops.length} steps`}: ${path.hops.map(hopSentence).join('; ')}${
      cut === undefined ? '' : `; without ${formatRef(cut.binding)} ${cut.loses} of ${cut.of} subjects lose the way`}${exposure === undefined ? '' : `; ${exposureWords(exposure)}`}`,
    evidence: [evidence(graph, path.hops)[0] ?? evidenceOf(grant, [])[0], ...others, ...(exposure?.through ?? []).map(({ resource, path: at, value }) => itemOf(resource, at, value))],
    cause: isByBuiltIn(first) ? `${role.kind} ${role.name} bound in namespaces` : `${binding.kind} ${binding.namespace === undefined ? '' : `${binding.namespace}/`}${binding.name}`,
    ...(canFix ? fixOf(grant) : {}),
  };
}

function evidence(graph: RbacGraph, hops: Escalation['path']['hops']): Finding['evidence'][number][] {
  return hops.flatMap(hop => grantsIn(graph, hop.from, hop).flatMap((grant, at) => evidenceOf(grant, hop.grants[at]?.ruleIndexes ?? [])));
}
