import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import check from '../../../src/checks/pki/pki-service-account-key-weak.ts';
import { serviceAccountKeysIn } from '../../../src/evidence/service-account-keys.ts';
import { snapshotWith } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';

const jwk = (kid: string, key: KeyObject): object => ({ ...key.export({ format: 'jwk' }), use: 'sig', kid, alg: 'RS256' });
const rsa = (bits: number): object => jwk(`rsa-${bits}`, generateKeyPairSync('rsa', { modulusLength: bits }).publicKey);
const p256 = jwk('p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const keys = (...all: readonly object[]): Snapshot => snapshotWith({ sources: { serviceaccountkeys: serviceAccountKeysIn(JSON.stringify({ keys: all })) } });

const [weak, odd] = [rsa(1024), rsa(2047)];
const idOf = (key: object): string => serviceAccountKeysIn(JSON.stringify({ keys: [key] }))[0]?.publicKeySha256.slice(0, 16) ?? '';

describeCheck(check, {
  fails: {
    'RSA 1024': [keys(weak), `high Component/kube-apiserver (${idOf(weak)})`],
    'one of two': [keys(p256, odd), `high Component/kube-apiserver (${idOf(odd)})`],
  },
  passes: { 'RSA 2048': keys(rsa(2048)), 'P-256, which has fewer bits': keys(p256) },
  notApplicable: { 'no key at all': keys() },
});
