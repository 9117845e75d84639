import type { CertificateBundle } from '../../evidence/pem.ts';
import { extensionBundles, type ExtensionBundle } from '../../indexes/extension-bundles.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-extension-bundle-useless',
  title: 'Bundle of a webhook or extension holds no valid authority',
  severity: 'high',
  rationale:
    'The API server connects to nothing that it cannot verify, so the webhook is never called. With failurePolicy Fail the requests that it should see are refused; with Ignore they go past it, and a rule that everybody counts on is not held.',
  remediation: {
    change:
      'Write the authority that issued the certificate of the Service into the bundle. Programs that make their certificates themselves (and cert-manager, with its ca-injector) do it when they start: look at their logs, and restart them.',
    mayBreak: 'A webhook that was passed over until now is asked again, and refuses what came in meanwhile: look at what it rejects first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: [
    'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook',
    'https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion',
  ],
  scope: 'cluster',

  needs: { extensions: extensionBundles },
  *targets({ extensions }) {
    yield* extensions.bundles;
    for (const { of, gaps } of extensions.unread) yield unknownTarget(of, gaps);
  },

  inspect({ where, resource, path, reproduce, bundle, effect, isFatal, name }: ExtensionBundle, _evidence, { now }) {
    const problem = problemOf(bundle, now);
    if (problem === undefined) return undefined;
    return {
      resource,
      severity: isFatal ? 'high' : 'medium',
      message: `the bundle of ${where} ${problem.words}, so ${effect}`,
      evidence: [problem.at === undefined
        ? { path, value: problem.words, grade: 'inferred', derivation: 'the bundle was read as PEM, then as X.509' }
        : { path: `${path}.certificates[${problem.at}].notAfter`, value: bundle.certificates[problem.at]?.notAfter, grade: 'exact', reproduce }],
      cause: where,
      ...(name === undefined ? {} : { discriminator: name }),
    };
  },
});

/** An expired member beside a valid one is no problem: nothing has to be issued by it any more. */
function problemOf({ certificates }: CertificateBundle, now: string): { readonly words: string; readonly at?: number } | undefined {
  if (certificates.length === 0) return { words: 'holds no certificate that can be read' };
  const [last] = certificates.map(({ notAfter }, at) => ({ notAfter, at })).sort((a, b) => (a.notAfter > b.notAfter ? -1 : 1));
  if (last === undefined || Date.parse(last.notAfter) >= Date.parse(now)) return undefined;
  return { words: `holds none that is valid since ${last.notAfter.slice(0, 10)}`, at: last.at };
}
