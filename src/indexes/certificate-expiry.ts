import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { CertificateRole } from './certificate-role.ts';
import type { Distribution } from './platform.ts';
import { isSelfMade, selfMadeWords } from './self-made-certificate.ts';
import type { SecretPlace } from './certificate-sighting.ts';

const DAY = 86_400_000;

/** Whole lives up to this are made to be short and are renewed by themselves. */
const SHORT_LIFE_DAYS = 90;
/** client-go rotates between 70 and 90 per cent of a life, so that with less than this left rotation does not work. */
const STUCK_SHARE = 0.1;

/** Why a certificate that has not ended yet deserves a look. */
export interface Expiry {
  readonly severity: 'high' | 'medium' | 'low';
  /** To be read after the date. */
  readonly words: string;
}

/**
 * How urgent the end of a certificate is. By days for what people renew; by the share of its life for what renews itself
 * (kubelets, whatever lives no longer than 90 days, and on OpenShift everything but logins); for what the API server makes for itself early, since only a
 * restart helps. Undefined for what is not due, and for what has ended, which is another matter.
 * @param seen the certificate, where its bytes are known
 */
export function expiryOf({ role, notAfter, renewedAt, renewedBy, secret }: CertificateRole, seen: KeptCertificate | undefined, now: string, distribution?: Distribution): Expiry | undefined {
  if (notAfter === undefined) return undefined;
  const left = (Date.parse(notAfter) - Date.parse(now)) / DAY;
  if (left < 0) return undefined;
  const life = seen === undefined ? undefined : lifeOf(seen);
  if (role === 'apiserver-loopback') return left > 60 ? undefined : { severity: 'high', words: 'the API server makes it at its start and stops working when it ends: restart it' };
  if (seen !== undefined && isSelfMade(role, seen)) return left > 30 ? undefined : { severity: 'low', words: selfMadeWords(role) };
  // Short lives are meant: what counts is whether it is renewed when it should be. Operators try again for hours.
  if (renewedBy !== undefined) {
    const late = (Date.parse(now) - Date.parse(renewedBy)) / DAY;
    return late < 1 ? undefined : { severity: left <= 7 ? 'high' : 'medium', words: `its operator should have renewed it on ${renewedBy.slice(0, 10)}, and has not` };
  }
  if (role === 'rotated') return left > 7 ? undefined : { severity: 'medium', words: 'OpenShift renews it by itself, after a time that is not said beside it' };
  // k3s and RKE2 renew when they start, 120 days before the end or later (90 before the releases of May 2025).
  if (renewedAt === 'restart') return byDays(left, 'it is renewed when k3s or RKE2 is restarted on its node, and no sooner');
  if (role.startsWith('kubelet-')) return rotated(left, life);
  if (secret?.renewedBy !== undefined) return renewedInSecret(secret, left, life);
  // Back-dated certificates look older than they are, never younger, so what looks short is short.
  if (life !== undefined && life <= SHORT_LIFE_DAYS) return left / life >= STUCK_SHARE ? undefined : { severity: 'low', words: `less than a tenth of its ${Math.round(life)} days is left` };
  // An authority has a check of its own, which looks further ahead.
  if (role.endsWith('-authority')) return undefined;
  // Whoever makes such certificates mostly renews them as well.
  if (role === 'extension-serving') return left > 30 ? undefined : { severity: left <= 7 ? 'high' : 'low', words: 'nothing says that it is renewed by itself' };
  // It takes some host with it and not the cluster, and may be used by nobody.
  if (secret !== undefined) return left > 30 ? undefined : { severity: left <= 7 ? 'medium' : 'low', words: 'nothing says that it is renewed by itself' };
  const isOwn = role === 'login' || role === 'issued' || role === 'admin' || role === 'super-admin';
  // Operators renew at four fifths of a life or before (library-go certrotation).
  if (distribution === 'openshift' && !isOwn && life !== undefined) {
    return left / life >= STUCK_SHARE ? undefined : { severity: left <= 7 ? 'high' : 'medium', words: 'the operators of OpenShift renew it long before, and have not' };
  }
  // k3s and RKE2 renew at their start what has less than 120 days left (90 before May 2025).
  return byDays(left, !isOwn && (distribution === 'k3s' || distribution === 'rke2') ? `a restart of ${distribution} renews it` : 'nothing renews it by itself');
}

function byDays(left: number, words: string): Expiry | undefined {
  if (left <= 7) return { severity: 'high', words };
  if (left <= 30) return { severity: 'medium', words };
  return left <= 90 ? { severity: 'low', words } : undefined;
}

/** Up to this an authority is made by a program that replaces it as well (cert-manager, operators, OpenShift's signers). */
const SHORT_AUTHORITY_DAYS = 400;

/** Whether the end of an authority is near enough to be looked at, given that programs replace the short-lived ones. */
export function isAuthorityDue(left: number, seen: KeptCertificate | undefined, distribution?: Distribution): boolean {
  const life = seen === undefined ? undefined : lifeOf(seen);
  if (life !== undefined && (life <= SHORT_LIFE_DAYS || distribution === 'openshift')) return left / life < STUCK_SHARE;
  return left <= (life !== undefined && life <= SHORT_AUTHORITY_DAYS ? SHORT_LIFE_DAYS : 365);
}

/** Days; of what is dated back, more than it really had. */
function lifeOf({ notBefore, notAfter }: KeptCertificate): number {
  return (Date.parse(notAfter) - Date.parse(notBefore)) / DAY;
}

/** What cert-manager and OpenShift renew is late once they should have; the day alone says nothing. cert-manager's own day is another check's. */
function renewedInSecret({ renewedBy = 'cert-manager' }: SecretPlace, left: number, life: number | undefined): Expiry | undefined {
  if (life === undefined || left / life >= STUCK_SHARE) return undefined;
  return { severity: left <= 7 ? 'medium' : 'low', words: `${renewedBy} renews it well before, and less than a tenth of its ${Math.round(life)} days is left` };
}

function rotated(left: number, life: number | undefined): Expiry | undefined {
  if (life !== undefined) {
    return left / life >= STUCK_SHARE ? undefined : { severity: 'high', words: `the kubelet renews it before nine tenths of its ${Math.round(life)} days are over, and has not: its rotation is stuck` };
  }
  // The life is not known. Of the usual year a tenth is 36 days, so with 30 left its rotation is stuck; a shorter life may be meant.
  if (left > 30) return undefined;
  return { severity: left <= 1 ? 'high' : left <= 7 ? 'medium' : 'low', words: 'the kubelet renews a certificate of one year well before, so its rotation is stuck, unless it is issued for a shorter time' };
}
