import check from '../../../src/checks/pki/pki-cert-manager-not-renewing.ts';
import { snapshotOf, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { inDays } from '../../support/pki.ts';

const at = (days: number): string => inDays(days).toISOString().replace('.000Z', 'Z');
const condition = (status: string, since: number, reason = 'Ready'): object => ({ type: 'Ready', status, reason, lastTransitionTime: at(since), message: 'not kept' });
const certificate = (status: object | undefined, created = -90): Manifest => ({
  apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'web', namespace: 'shop', creationTimestamp: at(created) } as Manifest['metadata'],
  spec: { secretName: 'web', dnsNames: ['shop.example.com'], issuerRef: { name: 'letsencrypt', kind: 'ClusterIssuer' } },
  ...(status === undefined ? {} : { status }),
});
const good = { notBefore: at(-30), notAfter: at(60), renewalTime: at(30), conditions: [condition('True', -30)] };

describeCheck(check, {
  fails: {
    expired: [snapshotOf(certificate({ ...good, notAfter: at(-1), renewalTime: at(-30) })), 'high Certificate/shop/web'],
    'not renewed for a day': [snapshotOf(certificate({ ...good, notAfter: at(29), renewalTime: at(-1) })), 'medium Certificate/shop/web'],
    'not renewed, and little time left': [snapshotOf(certificate({ ...good, notAfter: at(5), renewalTime: at(-25) })), 'high Certificate/shop/web'],
    'never issued': [snapshotOf(certificate({ conditions: [condition('False', -1, 'DoesNotExist')] })), 'medium Certificate/shop/web'],
    'a Secret that does not fit any more': [snapshotOf(certificate({ ...good, conditions: [{ type: 'Issuing', status: 'True' }, condition('False', -1, 'SecretMismatch')] })), 'medium Certificate/shop/web'],
    'no cert-manager to look after it': [snapshotOf(certificate(undefined)), 'medium Certificate/shop/web'],
  },
  passes: {
    'renewed as it should be': snapshotOf(certificate(good)),
    'its renewal began an hour ago': snapshotOf(certificate({ ...good, renewalTime: at(-1 / 24) })),
    'made just now': snapshotOf(certificate(undefined, -1 / 24)),
    'not ready since half an hour': snapshotOf(certificate({ ...good, conditions: [condition('False', -1 / 48, 'Renewing')] })),
    'short-lived, and on time': snapshotOf(certificate({ notBefore: at(-0.5), notAfter: at(0.5), renewalTime: at(0.2), conditions: [condition('True', -300)] })),
  },
  notApplicable: { 'no cert-manager': snapshotOf() },
});
