import { refOf } from '../../evidence/source.ts';
import { nodes } from '../../evidence/sources/platform.ts';
import { signingRequests } from '../../evidence/sources/pki.ts';
import { defineCheck } from '../define-check.ts';

/** Minutes that a new node may take from its certificate to its object. */
const JOINING = 15;
const PREFIX = 'system:node:';

export default defineCheck({
  id: 'pki-node-certificate-without-node',
  title: 'Certificate was issued for a node that does not exist',
  severity: 'medium',
  rationale:
    'Whoever holds it may register a node of that name at any time until it ends, and is sent the Secrets of the pods that are placed there. Nodes that were scaled down leave such certificates behind as well, and those are as good.',
  remediation: {
    change: 'Find out who asked for it (spec.username of the request) and what became of that machine. If it cannot be explained, replace the bootstrap token or the right that let it be approved, and watch for a Node of that name.',
    mayBreak: 'A machine that is still being set up with the old bootstrap token has to be given the new one.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/node/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],
  scope: 'cluster',

  needs: { requests: signingRequests, nodes },
  targets: ({ requests }) => requests.filter(({ status }) => status?.certificate?.certificates[0] !== undefined),
  inspect(request, { nodes: all }, { now }) {
    const { commonName = '', organizations = [], usages, notAfter } = request.status?.certificate?.certificates[0] ?? {};
    const isNode = commonName.startsWith(PREFIX) && organizations.includes('system:nodes') && usages?.includes('client') === true;
    if (!isNode || all.some(({ metadata }) => `${PREFIX}${metadata.name}` === commonName)) return undefined;
    const minutes = (Date.parse(now) - Date.parse(request.metadata.creationTimestamp ?? now)) / 60_000;
    if (minutes < JOINING) return undefined;
    const resource = refOf(signingRequests, request);
    return {
      resource,
      message: `${request.spec.username ?? 'somebody'} was given the certificate of ${commonName} until ${(notAfter ?? '').slice(0, 10)}, and there is no such node`,
      evidence: [{
        path: 'status.certificate.certificates[0].subject', value: request.status?.certificate?.certificates[0]?.subject, grade: 'exact',
        reproduce: ['kubectl', 'get', 'certificatesigningrequests.certificates.k8s.io', '-o', 'jsonpath={.status.certificate}', '--', resource.name],
      }],
      cause: 'certificates of nodes that do not exist',
    };
  },
});
