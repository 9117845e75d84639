import { apiServerRef } from '../../evidence/resource-ref.ts';
import { rbacAuthorizers, type Authorizers } from '../../indexes/rbac-authorizers.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'rbac-always-allow',
  title: 'API server allows every request',
  severity: 'critical',
  rationale:
    'With the authorizer AlwaysAllow, or with neither --authorization-mode nor --authorization-config, whoever can log in may do anything, ' +
    'every pod with a token included, and roles and bindings decide nothing. Where anonymous requests are let in, it takes no login either.',
  remediation: {
    change: 'Set --authorization-mode=Node,RBAC on every API server and restart it; where --authorization-config is used, take AlwaysAllow out of the file.',
    mayBreak:
      'Everything that was never bound to a role is refused from then on, controllers and nodes included: have the bindings ready first. ' +
      'The audit log says who asks for what.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '1.2.6' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/authorization/', 'https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/'],
  scope: 'cluster',

  needs: { authorizers: rbacAuthorizers },
  *targets({ authorizers }) {
    const { alwaysAllow, ruledOut, gaps, unjudged } = authorizers;
    for (const { of, gaps: why } of unjudged) yield unknownTarget(of, why);
    if (alwaysAllow.length > 0 || ruledOut.length > 0) yield authorizers;
    // The caller is allowed everything by RBAC, which is asked first; what comes after it does not show.
    else yield unknownTarget('authorizers of the API server', gaps.length > 0 ? gaps : [{ kind: 'notObservable', reason: 'notSeen', detail: 'you are allowed everything by RBAC, and which authorizers come after it shows in no flag that can be read' }]);
  },

  inspect({ alwaysAllow, isWithoutRbac }: Authorizers) {
    const [first, ...others] = alwaysAllow;
    if (first === undefined) return undefined;
    return {
      resource: apiServerRef,
      message: `The API server allows every request of everybody who can log in${isWithoutRbac ? ', and does not ask RBAC at all' : ''}`,
      evidence: [first, ...others],
      cause: 'API server authorization',
    };
  },
});
