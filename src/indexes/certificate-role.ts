import type { Gap } from '../evidence/gap.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { SecretPlace } from './certificate-sighting.ts';

/**
 * How well it is known when the certificate of a role ends:
 * - `exact`: its bytes were seen
 * - `expiryOnly`: only its end was, to the second or the next
 * - `bound`: not before the day that is said
 * - `inferred`: it follows from another certificate that is issued together with it
 * - `notRead`: a permission or another try would tell
 * - `notObservable`: nobody can tell from here
 * - `notUsed`: this cluster has none
 */
export const ROLE_GRADES = ['exact', 'expiryOnly', 'bound', 'inferred', 'notRead', 'notObservable', 'notUsed'] as const;
export type RoleGrade = (typeof ROLE_GRADES)[number];

/** Every role, with what a person calls it. */
export const ROLE_TITLES = {
  'login': 'your own login',
  'apiserver-serving': 'API server',
  'apiserver-loopback': 'API server, to itself',
  'loopback-authority': 'authority of that',
  'cluster-authority': 'authority of the cluster',
  'server-authority': 'authority of the API server',
  'client-authority': 'authority of client certificates',
  'front-proxy-authority': 'authority of the front proxy',
  'extension-authority': 'authority of an extension',
  'bundle-authority': 'authority of a trust bundle',
  'apiserver-kubelet-client': 'API server, to kubelets',
  'apiserver-etcd-client': 'API server, to etcd',
  'front-proxy-client': 'front proxy',
  'controller-manager-client': 'controller manager',
  'controller-manager-serving': 'controller manager, as a server',
  'scheduler-client': 'scheduler',
  'scheduler-serving': 'scheduler, as a server',
  'etcd-authority': 'authority of etcd',
  'etcd-server': 'etcd',
  'etcd-peer': 'etcd, to its peers',
  'etcd-healthcheck-client': 'health check of etcd',
  'admin': 'kubeconfig of the administrator',
  'super-admin': 'kubeconfig of the last resort',
  'kubelet-client': 'kubelet',
  'kubelet-serving': 'kubelet, as a server',
  'kube-proxy-client': 'kube-proxy',
  'extension-serving': 'webhook or extension API server',
  'component-client': 'component of the distribution',
  'rotated': 'renewed by OpenShift',
  'issued': 'issued on request',
  'tls-secret': 'TLS Secret',
  'tls-secret-authority': 'authority in a TLS Secret',
} as const;
export type RoleId = keyof typeof ROLE_TITLES;

/** One certificate that a cluster runs on, seen or not. */
export interface CertificateRole {
  readonly role: RoleId;
  /** What it is there for: `API server, to kubelets`. */
  readonly title: string;
  /** Which node, login or request; absent where there is only one. */
  readonly instance?: string;
  readonly resource: ResourceRef;
  readonly grade: RoleGrade;
  /** SHA-256 of the certificate, where its bytes were seen. */
  readonly certificate?: string;
  /** RFC 3339, UTC; of an inferred one, what it probably is. */
  readonly notAfter?: string;
  /** It ends on that day or later. */
  readonly notAfterAtLeast?: string;
  /** Whole days by the calendar; negative after its end. */
  readonly daysLeft?: number;
  /** How it is known, or why it is not. */
  readonly how: string;
  /** Somebody wrote its end down as a date, rather than the seconds that were left. */
  readonly isEndSaid?: true;
  /** Its holder renews it only when it starts. */
  readonly renewedAt?: 'restart';
  /** When its holder should have renewed it by itself, RFC 3339. */
  readonly renewedBy?: string;
  /** What would tell more. */
  readonly raise?: string;
  readonly gaps?: readonly Gap[];
  /** Of a certificate in a TLS Secret. */
  readonly secret?: SecretPlace;
}

/** Whether it lies in a TLS Secret, and so belongs to what runs in the cluster. */
export function isInSecret({ role }: Pick<CertificateRole, 'role'>): boolean {
  return role === 'tls-secret' || role === 'tls-secret-authority';
}

/** A role before its days are counted. */
export type RoleRow = Omit<CertificateRole, 'daysLeft'>;

/** Whether the end of a role is known, and not only likely. */
export function isKnownEnd({ grade, notAfter }: CertificateRole): boolean {
  return notAfter !== undefined && (grade === 'exact' || grade === 'expiryOnly');
}

/** A permission or another try would help where it is a gap; the rest nobody here can change. */
export function gradeOf(gaps: readonly Gap[]): 'notRead' | 'notObservable' {
  return gaps.every(({ kind }) => kind === 'notObservable') ? 'notObservable' : 'notRead';
}

export function wordsOf(gaps: readonly Gap[]): string {
  return [...new Set(gaps.map(({ detail }) => detail))].join('; ');
}

/** Whole days by the calendar; 0 on the day itself. */
export function daysBetween(from: string, to: string): number {
  const dayOf = (instant: string): number => Date.parse(new Date(instant).toISOString().slice(0, 10));
  return Math.round((dayOf(to) - dayOf(from)) / 86_400_000);
}
