import type { RotatedUsage } from '../evidence/kubelet-metrics.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { kubeletMetrics } from '../evidence/sources/kubelet.ts';
import { signingRequests, type SigningRequest } from '../evidence/sources/pki.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { endFrom } from './certificate-ends.ts';
import { certificateInventory, type CertificateInventory } from './certificate-inventory.ts';
import { certificateSettings } from './certificate-settings.ts';

/** One certificate that a kubelet renews by itself, with all that tells how that goes. */
export interface KubeletRenewal {
  readonly node: string;
  readonly resource: ResourceRef;
  readonly usage: RotatedUsage;
  /** Failed renewals since the kubelet started; absent where it does not count them, or could not be asked for want of a certificate. */
  readonly errors?: number;
  /** RFC 3339; absent where it has none that is good. */
  readonly notAfter?: string;
  /** Seconds that it is good for in all, at the most; absent where nothing tells. */
  readonly lifeSeconds?: number;
  /** RFC 3339: the errors are no older. */
  readonly startedAt?: string;
  /** Its oldest request that waits for an approval or a signature; a gap where requests were not read. */
  readonly pending: Attempted<SigningRequest | undefined>;
  /** Asked at the node's own address. */
  readonly isDirect: boolean;
  /** It takes no connection for want of a certificate, so that it tells nothing itself. */
  readonly isRefused: boolean;
}

export interface KubeletRenewals {
  readonly renewals: readonly KubeletRenewal[];
  /** Kubelets that could not be asked. */
  readonly unread: readonly { readonly node: string; readonly gaps: readonly Gap[] }[];
}

/** The certificates that kubelets renew, node by node. What a kubelet does not rotate is in none of them. */
export const kubeletRenewals = defineIndex({
  id: 'kubelet-renewals',
  needs: { nodes, kubelets: kubeletMetrics, inventory: certificateInventory, settings: certificateSettings, requests: attempt(signingRequests) },
  build({ nodes: list, kubelets, inventory, settings, requests }): KubeletRenewals {
    const answers = new Map(kubelets.map(each => [each.of, each] as const));
    const signed = settings.starts.flatMap(({ signingSeconds }) => signingSeconds ?? []);
    // Each controller manager may sign; the longest time is the one that no certificate exceeds.
    const longest = signed.length === 0 || settings.starts.some(({ program, signingSeconds }) => program === 'kube-controller-manager' && signingSeconds === undefined) ? undefined : Math.max(...signed);
    const renewals: KubeletRenewal[] = [];
    const unread: { node: string; gaps: readonly Gap[] }[] = [];
    for (const node of list.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
      const { name } = node.metadata;
      const of = { node: name, resource: refOf(nodes, node) };
      const answer = answers.get(name);
      if (answer === undefined || 'gap' in answer) {
        const gap = answer?.gap ?? LATE;
        if (gap.reason === 'noCertificate') renewals.push({ ...of, usage: 'server', pending: pendingOf(name, 'server', requests), isDirect: false, isRefused: true });
        else unread.push({ node: name, gaps: [gap] });
        continue;
      }
      const { clientTtlSeconds, serverTtlSeconds, lacks = [], renewErrors = {}, startedAt, scrapes } = answer.value;
      const last = scrapes.at(-1);
      for (const [usage, left] of [['client', clientTtlSeconds], ['server', serverTtlSeconds]] as const) {
        if (left === undefined && !lacks.includes(usage)) continue;
        const notAfter = left === undefined || last?.at === undefined ? undefined : endFrom(left, last.at);
        if (left !== undefined && notAfter === undefined) {
          unread.push({ node: name, gaps: [UNDATED] });
          continue;
        }
        const lifeSeconds = notAfter === undefined ? undefined : lifeOf(name, notAfter, inventory) ?? longest;
        const errors = renewErrors[usage];
        renewals.push({
          ...of, usage,
          ...(errors === undefined ? {} : { errors }),
          ...(notAfter === undefined ? {} : { notAfter }),
          ...(lifeSeconds === undefined ? {} : { lifeSeconds }),
          ...(startedAt === undefined ? {} : { startedAt }),
          pending: pendingOf(name, usage, requests),
          isDirect: last?.isDirect === true,
          isRefused: false,
        });
      }
    }
    return { renewals, unread };
  },
});

const LATE: Gap = { kind: 'gap', reason: 'notSeen', source: kubeletMetrics.id, detail: 'the node came after the kubelets had been asked' };
const UNDATED: Gap = { kind: 'gap', reason: 'malformed', source: kubeletMetrics.id, detail: 'the answer of the kubelet says no time' };

/** A second more or less is the same certificate. */
const SAME_SECONDS = 2;

/** The whole life of the certificate of this end, where its bytes were seen somewhere. */
function lifeOf(node: string, notAfter: string, { certificates }: CertificateInventory): number | undefined {
  const seen = certificates.find(({ certificate }) => certificate.commonName === `system:node:${node}` && Math.abs(Date.parse(certificate.notAfter) - Date.parse(notAfter)) <= SAME_SECONDS * 1000);
  return seen === undefined ? undefined : (Date.parse(seen.certificate.notAfter) - Date.parse(seen.certificate.notBefore)) / 1000;
}

const SIGNERS: Readonly<Record<RotatedUsage, string>> = { client: 'kubernetes.io/kube-apiserver-client-kubelet', server: 'kubernetes.io/kubelet-serving' };

function pendingOf(node: string, usage: RotatedUsage, requests: Attempted<readonly SigningRequest[]>): KubeletRenewal['pending'] {
  if ('gaps' in requests) return requests;
  const [oldest] = requests.value
    .filter(({ spec, status }) => spec.signerName === SIGNERS[usage] && spec.username === `system:node:${node}` && status?.certificate === undefined
      && status?.conditions?.some(({ type }) => type === 'Denied' || type === 'Failed') !== true)
    .toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
  return { value: oldest };
}

/** What is wrong with a renewal, or was. */
export interface RenewalTrouble {
  readonly severity: 'high' | 'medium' | 'info';
  /** Follows `the kubelet of NODE`. */
  readonly words: string;
  /** What it stands on. */
  readonly by: 'missing' | 'errors' | 'request';
}

/** client-go renews between 70 and 90 per cent of a life (util/certificate, jitteryDuration). */
const DUE_SHARE = 0.3;
const STUCK_SHARE = 0.1;
/** Of the usual year; what has more left is not urgent whatever it was issued for. */
const UNURGENT_SECONDS = DUE_SHARE * 365 * 86_400;
/** Whoever approves does so within seconds, and who signs does at once. */
const PATIENCE_MINUTES = 10;

/**
 * How bad it is that a kubelet did not get a certificate. Its counter only grows, and that of a control-plane node of kubeadm
 * begins with the tries that came before its API server: so errors count for nothing where the certificate is not due, unless
 * the kubelet asks for another before its time, which it does where its addresses changed.
 * @returns undefined where nothing is wrong; gaps where that depends on something that is not known
 */
export function troubleOf(renewal: KubeletRenewal, now: string): RenewalTrouble | { readonly gaps: readonly Gap[] } | undefined {
  const { usage, errors, notAfter, lifeSeconds, startedAt, pending } = renewal;
  const what = usage === 'client' ? 'client certificate' : 'serving certificate';
  const request = 'value' in pending ? pending.value : undefined;
  const age = request?.metadata.creationTimestamp === undefined ? undefined : (Date.parse(now) - Date.parse(request.metadata.creationTimestamp)) / 60_000;
  if (notAfter === undefined) {
    const waits = request === undefined ? '' : `; its request ${request.metadata.name} waits for an approval or a signature`;
    if (age !== undefined && age < PATIENCE_MINUTES && (errors ?? 0) === 0) return { severity: 'info', by: 'missing', words: `has asked for a ${what} a few minutes ago and has none yet${waits}` };
    const means = usage === 'client' ? 'and cannot log in to the API server with one' : 'so that logs, exec, metrics and port-forward of its pods are refused';
    return { severity: usage === 'client' ? 'high' : 'medium', by: 'missing', words: `has no ${what} that is good, ${means}${waits}` };
  }
  if (errors === undefined) return { gaps: [{ kind: 'notObservable', reason: 'notSeen', source: kubeletMetrics.id, detail: 'the kubelet, or the snapshot, counts no failed renewals' }] };
  if (errors === 0) return undefined;
  const failed = `failed ${errors === 1 ? 'once' : `${errors} times`} to renew its ${what}${startedAt === undefined ? '' : ` since it started on ${startedAt.slice(0, 10)}`}`;
  const left = (Date.parse(notAfter) - Date.parse(now)) / 1000;
  if (lifeSeconds === undefined && left <= UNURGENT_SECONDS) {
    return { gaps: [{ kind: 'notObservable', reason: 'notSeen', detail: `the kubelet ${failed.replace(/ since.*/, '')}, and how long that is issued for is not seen, so neither is whether it is due` }] };
  }
  const share = lifeSeconds === undefined ? 1 : left / lifeSeconds;
  if (share <= STUCK_SHARE) return { severity: 'high', by: 'errors', words: `${failed}, of which less than a tenth is left: its rotation is stuck` };
  if (age !== undefined && age >= PATIENCE_MINUTES) return { severity: 'medium', by: 'request', words: `${failed}, and its request ${request?.metadata.name ?? ''} waits for an approval or a signature` };
  if (share > DUE_SHARE) return 'gaps' in pending && usage === 'server' ? { gaps: pending.gaps } : undefined;
  const due = Date.parse(notAfter) - DUE_SHARE * (lifeSeconds ?? 0) * 1000;
  const isAllSinceDue = startedAt !== undefined && Date.parse(startedAt) >= due;
  return isAllSinceDue
    ? { severity: 'medium', by: 'errors', words: `${failed}, all of them since a renewal is due` }
    : { severity: 'info', by: 'errors', words: `${failed}; a renewal may be due already, or they are older` };
}
