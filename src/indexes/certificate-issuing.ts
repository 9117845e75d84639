import { defineIndex } from '../evidence/need.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import { ruleAllows, type PolicyRule } from './rbac-matcher.ts';
import { isEverything } from './rbac-power.ts';

/** Signers of the platform, by what their certificates are taken for. */
export const LOGIN_SIGNERS = ['kubernetes.io/kube-apiserver-client', 'kubernetes.io/kube-apiserver-client-kubelet'] as const;
const SERVING_SIGNER = 'kubernetes.io/kubelet-serving';

/** What somebody may do on the way from a request to a certificate. */
export interface IssuingRight {
  readonly does: 'approve' | 'sign';
  /** The signers for whom: of {@link LOGIN_SIGNERS} and {@link SERVING_SIGNER}. */
  readonly signers: readonly string[];
  /** The grant that names the signers, and the place of the rule in its role. */
  readonly grant: Grant;
  readonly ruleIndex: number;
  /** Whether it may make requests too, so that nobody else is needed. */
  readonly mayRequest: boolean;
}

/** Who takes part in issuing certificates, by right of a binding. */
export interface CertificateIssuing {
  readonly rbac: RbacGrants;
  readonly rights: readonly IssuingRight[];
}

const GROUP = 'certificates.k8s.io';
const REQUESTS = 'certificatesigningrequests';
/** Of the two rights that it takes one is on the request, the other on its signer (plugin/pkg/admission/certificates of kubernetes). */
const SUBRESOURCES = { approve: 'approval', sign: 'status' } as const;

export const certificateIssuing = defineIndex({
  id: 'certificate-issuing',
  needs: { rbac: rbacGrants },
  build({ rbac }): CertificateIssuing {
    // A RoleBinding grants nothing on what stands in no namespace. Whoever may do anything is another finding.
    const wide = rbac.grants.filter(({ namespace, rules }) => namespace === undefined && !isEverything(rules) && rules.some(isAboutCertificates));
    const bySubject = Map.groupBy(wide, ({ subject }) => formatSubject(subject));
    return { rbac, rights: [...bySubject.values()].flatMap(grants => rightsIn(grants)).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) };
  },
});

function isAboutCertificates({ apiGroups = [] }: PolicyRule): boolean {
  return apiGroups.includes('*') || apiGroups.includes(GROUP);
}

function rightsIn(grants: readonly Grant[]): IssuingRight[] {
  const rules = grants.flatMap(grant => grant.rules);
  const may = (verbs: readonly string[], subresource?: string): boolean => rules.some(rule => verbs.some(verb =>
    ruleAllows(subresource === undefined ? rule : { ...rule, resourceNames: [] }, { verb, apiGroup: GROUP, resource: REQUESTS, ...(subresource === undefined ? {} : { subresource }) })));
  const mayRequest = may(['create']);
  return (['approve', 'sign'] as const).flatMap((does): IssuingRight[] => {
    if (!may(['update', 'patch'], SUBRESOURCES[does])) return [];
    const [first, ...others] = grants.flatMap(grant => grant.rules.flatMap((rule, ruleIndex) => {
      const signers = [...LOGIN_SIGNERS, SERVING_SIGNER].filter(signer => isFor(rule, does, signer));
      return signers.length === 0 ? [] : [{ grant, ruleIndex, signers }];
    })).sort((a, b) => Number(platformOf(a.grant) !== undefined) - Number(platformOf(b.grant) !== undefined));
    if (first === undefined) return [];
    return [{ ...first, does, mayRequest, signers: [...new Set([first, ...others].flatMap(({ signers }) => signers))].sort() }];
  });
}

/** A signer is asked for by its name, and by its domain with a star. */
function isFor(rule: PolicyRule, verb: string, signer: string): boolean {
  return [signer, `${signer.split('/')[0] ?? ''}/*`].some(name => ruleAllows(rule, { verb, apiGroup: GROUP, resource: 'signers', name }));
}

function keyOf({ grant, does }: IssuingRight): string {
  return `${formatRef(grant.binding)} ${formatSubject(grant.subject)} ${does}`;
}
