import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import { refOf } from '../../evidence/source.ts';
import { issuedCertificates, type IssuedCertificate } from '../../evidence/sources/cert-manager.ts';
import { defineCheck, type Severity } from '../define-check.ts';

const HOUR = 3_600_000;
/** cert-manager issues within minutes and tries again after an hour (its failure backoff): what is late by more does not work. */
const GRACE_HOURS = 2;
const SOON_DAYS = 7;

export default defineCheck({
  id: 'pki-cert-manager-not-renewing',
  title: 'cert-manager does not issue or renew a certificate',
  severity: 'high',
  rationale:
    'What cert-manager keeps in a Secret ends on its day like any other certificate. A renewal that is overdue shows that something is broken days or weeks before the outage.',
  remediation: {
    change: 'Read the reason with `kubectl describe certificate -n NAMESPACE NAME`, then that of its CertificateRequest, Order and Challenge; look at the Issuer and at the log of cert-manager. Once the cause is gone it is issued by itself.',
    mayBreak: 'Nothing: a renewed Secret is what every server that uses it waits for. Issuers of the public limit how often a name may be issued, so do not try again in a loop.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://cert-manager.io/docs/troubleshooting/', 'https://cert-manager.io/docs/usage/certificate/'],
  scope: 'namespace',

  needs: { certificates: issuedCertificates },
  targets: ({ certificates }) => certificates,
  inspect(certificate, _evidence, { now }) {
    const trouble = troubleOf(certificate, Date.parse(now));
    if (trouble === undefined) return undefined;
    const resource = refOf(issuedCertificates, certificate);
    const { namespace = '', name } = resource;
    const evidence: EvidenceItem = {
      path: trouble.path, value: trouble.value, grade: 'exact',
      reproduce: ['kubectl', 'get', 'certificates.cert-manager.io', '-n', namespace, '-o', `jsonpath={.${trouble.path}}`, '--', name],
    };
    const { kind = 'Issuer', name: issuer } = certificate.spec.issuerRef;
    return {
      resource,
      severity: trouble.severity,
      message: `the Certificate ${namespace}/${name} for Secret ${certificate.spec.secretName} ${trouble.words}`,
      evidence: [evidence],
      cause: `${kind} ${kind === 'ClusterIssuer' ? '' : `${namespace}/`}${issuer}`,
    };
  },
});

interface Trouble {
  readonly severity: Severity;
  readonly words: string;
  readonly path: string;
  readonly value: unknown;
}

function troubleOf({ metadata, status = {} }: IssuedCertificate, now: number): Trouble | undefined {
  const { notAfter, renewalTime, conditions = [] } = status;
  const at = conditions.findIndex(({ type }) => type === 'Ready');
  const ready = conditions[at];
  const left = notAfter === undefined ? undefined : Date.parse(notAfter) - now;
  if (left !== undefined && left < 0) return { severity: 'high', words: `expired on ${(notAfter ?? '').slice(0, 10)} and was not renewed`, path: 'status.notAfter', value: notAfter };
  const severity = left !== undefined && left < SOON_DAYS * 24 * HOUR ? 'high' : 'medium';
  const end = notAfter === undefined ? '' : `; it ends on ${notAfter.slice(0, 10)}`;
  if (renewalTime !== undefined && Date.parse(renewalTime) + GRACE_HOURS * HOUR < now) {
    return { severity, words: `should have been renewed on ${renewalTime.slice(0, 10)} and was not${end}`, path: 'status.renewalTime', value: renewalTime };
  }
  // What was made or changed just now is not ready yet, as it should be.
  const since = ready?.lastTransitionTime ?? metadata.creationTimestamp;
  const isFresh = since !== undefined && Date.parse(since) + GRACE_HOURS * HOUR > now;
  if (ready?.status === 'True' || isFresh) return undefined;
  if (ready === undefined) return { severity, words: `has no state, so that no cert-manager looks after it${end}`, path: 'status.conditions', value: status.conditions };
  return { severity, words: `is not ready since ${(since ?? '').slice(0, 10)} (${ready.reason ?? 'no reason given'})${end}`, path: `status.conditions[${at}].status`, value: ready.status };
}
