import { borrowedCertificates, type BorrowedFile, type BorrowedKey } from '../../indexes/certificate-borrowed.ts';
import { seenOf } from '../../indexes/certificate-inventory.ts';
import type { CertificateRole } from '../../indexes/certificate-role.ts';
import { certificateRoles } from '../../indexes/certificate-roles.ts';
import { deviationOf, hasStandard, type Deviation } from '../../indexes/certificate-standard.ts';
import type { Distribution } from '../../indexes/platform.ts';
import { defineCheck, unknownTarget, type EvidenceItem, type Finding } from '../define-check.ts';
import { certificateName, unreadTargets } from './certificate-finding.ts';

/** Whom their API servers name to kubelets is their own business. */
const PROVIDERS: ReadonlySet<Distribution> = new Set<Distribution>(['eks', 'gke', 'aks']);

export default defineCheck({
  id: 'pki-component-certificate-deviates',
  title: 'Certificate of a component is that of somebody else',
  severity: 'high',
  rationale:
    'The name and groups of a client certificate are the rights of whoever has its key. A scheduler in system:masters is a second administrator on every control-plane node, a kubelet without its own name is not held to its own node, and a person\'s name hides the component in the audit log. Two components with one key have the rights of both, and whoever takes it from one has it for the other.',
  remediation: {
    change: 'Issue it anew with the name and groups of its role: `kubeadm init phase certs NAME` or `kubeadm init phase kubeconfig NAME` after moving the old file away, for kubelets a new bootstrap. `kubeadm certs renew` keeps whatever the old one says.',
    mayBreak: 'The component has to be restarted, and loses the rights that only the other name or group gave it. For the API server\'s certificate to kubelets see first that its new group is bound to system:kubelet-api-admin or kubeadm:cluster-admins.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/', 'https://kubernetes.io/docs/reference/access-authn-authz/node/'],
  scope: 'cluster',

  needs: { certificates: certificateRoles, borrowed: borrowedCertificates },
  *targets({ certificates, borrowed }) {
    const wanted = certificates.roles.filter(({ role, grade }) => hasStandard(role) && grade !== 'notUsed');
    yield* wanted.filter(isSeen);
    yield* borrowed.files;
    const isByProvider = PROVIDERS.has(certificates.distribution ?? 'unknown');
    const unseen = wanted.filter(row => !isSeen(row) && !row.how.endsWith(' runs the control plane') && !(isByProvider && row.role.startsWith('apiserver-')));
    for (const [detail, rows] of Map.groupBy(unseen, reasonOf)) {
      const gaps = rows.flatMap(({ gaps: own }) => own ?? []);
      yield unknownTarget(`the names in certificates of ${[...new Set(rows.map(({ title }) => title))].join(', ')}`, gaps.length > 0 ? gaps : [{ kind: 'notObservable', reason: 'notSeen', detail }]);
    }
    yield* unreadTargets(certificates);
  },

  inspect(target, { certificates: { inventory }, borrowed }) {
    if ('flags' in target) return flagFinding(target);
    const { role, title, instance, resource, certificate: sha256 } = target;
    const seen = seenOf(inventory, sha256);
    if (seen === undefined) return undefined;
    const { certificate, sightings } = seen;
    const own = sightings.filter(each => each.role === role);
    // A single API server goes by the name of its certificate, wherever it runs.
    const only = new Set(own.map(each => each.node)).size === 1 ? own[0] : undefined;
    const sighting = own.find(each => each.node === undefined || each.node === instance) ?? only ?? sightings[0];
    const node = role.startsWith('kubelet-') ? instance : sighting.node;
    const deviation = deviationOf(role, certificate.commonName ?? '', certificate.organizations, node) ?? sharedWith(target, borrowed.keys);
    if (deviation === undefined) return undefined;
    const field = deviation.kind === 'shared' ? 'publicKeySha256' : 'subject';
    const evidence: EvidenceItem = { resource: sighting.resource, path: `${sighting.path}.${field}`, value: certificate[field], grade: 'exact', ...sighting.shown };
    return {
      resource,
      ...(deviation.kind === 'groups' && deviation.known !== undefined ? { severity: 'info' as const, origin: 'platform' as const } : {}),
      ...(deviation.kind === 'shared' ? { severity: 'medium' as const } : {}),
      message: `the certificate of the ${title}${node === undefined ? '' : ` on ${node}`} is ${certificateName(certificate)}${wordsOf(deviation)}`,
      evidence: [evidence],
      cause: `${title} certificate`,
      discriminator: node === undefined || role.startsWith('kubelet-') ? role : `${role} ${node}`,
    };
  },
});

type Departure = Deviation | { readonly kind: 'shared'; readonly with: CertificateRole };

function sharedWith(row: CertificateRole, keys: readonly BorrowedKey[]): Departure | undefined {
  const other = keys.find(each => each.row === row)?.other;
  return other === undefined ? undefined : { kind: 'shared', with: other };
}

function flagFinding({ path, flags }: BorrowedFile): Finding {
  const [{ start }] = flags;
  const words = flags.map(each => `--${each.flag}${each.start === start ? '' : ` of ${each.start.program}`}`);
  return {
    resource: start.resource,
    severity: 'medium',
    message: `${start.of} is given one file, ${path}, for ${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`,
    evidence: [flags[0].start.evidenceOf(flags[0].flag), ...flags.slice(1).map(each => each.start.evidenceOf(each.flag))],
    cause: 'one certificate for several components',
    discriminator: `flags ${flags.map(({ flag }) => flag).join(' ')}${start.node === undefined ? '' : ` ${start.node}`}`,
  };
}

/** Its name was seen with the rest of it; of one that is only likely nobody knows that it is used. */
function isSeen({ grade, certificate }: CertificateRole): boolean {
  return grade === 'exact' && certificate !== undefined;
}

function reasonOf({ grade, how }: CertificateRole): string {
  return grade === 'expiryOnly' ? 'only their end is known, and not whom they name' : how;
}

function wordsOf(deviation: Departure): string {
  if (deviation.kind === 'name') return `, and its role is ${deviation.wanted}`;
  if (deviation.kind === 'foreign') return `, which is a name for another: ${deviation.owner}`;
  if (deviation.kind === 'shared') return `, with the key that ${deviation.with.title}${deviation.with.instance === undefined ? '' : ` on ${deviation.with.instance}`} has too`;
  return deviation.known === undefined ? `, and its role has the groups ${deviation.wanted}` : `, with the groups of ${deviation.known}`;
}
