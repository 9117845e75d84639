import { refOf } from '../../evidence/source.ts';
import { tlsSecrets } from '../../evidence/sources/tls.ts';
import { defineCheck } from '../define-check.ts';

export default defineCheck({
  id: 'pki-wildcard-certificate',
  title: 'TLS Secret holds a wildcard certificate',
  severity: 'low',
  rationale:
    'Whoever gets its key can be every host of the domain, those of other teams and those that do not exist yet included, until it ends. The more namespaces such a certificate is copied to, the more people that is.',
  remediation: {
    change: 'Issue a certificate for each host, which costs nothing where an issuer such as cert-manager does it. Where a wildcard is needed, keep it in the one namespace of the Gateway or ingress controller that ends TLS, and refer to it from there.',
    mayBreak: 'Hosts that are named nowhere and only work through the wildcard; look for them in the access log first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://cheatsheetseries.owasp.org/cheatsheets/Transport_Layer_Security_Cheat_Sheet.html', 'https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets'],
  scope: 'namespace',

  needs: { secrets: tlsSecrets },
  targets: ({ secrets }) => secrets,
  inspect(secret) {
    const [leaf] = secret.data?.chain.certificates ?? [];
    const wide = leaf?.isAuthority === false ? leaf.names.filter(isWide) : [];
    if (leaf === undefined || wide.length === 0) return undefined;
    const resource = refOf(tlsSecrets, secret);
    const { namespace = '', name } = resource;
    return {
      resource,
      message: `TLS Secret ${namespace}/${name} holds a certificate for ${wide.map(each => each.slice(4)).join(', ')}`,
      evidence: [{ path: 'data.chain.certificates[0].names', value: leaf.names, grade: 'exact', reproduce: ['kubectl', 'get', 'secrets', '-n', namespace, '-o', 'jsonpath={.data.tls\\.crt}', '--', name] }],
      cause: `certificate for ${wide[0]?.slice(4) ?? ''}`,
    };
  },
});

/** The pods of one Service (`*.kafka.shop.svc`) are named so by whoever runs it: that is as narrow as a name of theirs can be. */
function isWide(name: string): boolean {
  return name.startsWith('DNS:*.') && !/^DNS:\*\.[^.]+\.[^.]+\.svc(\.|$)/.test(name);
}
