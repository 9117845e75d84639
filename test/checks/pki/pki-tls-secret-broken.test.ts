import check from '../../../src/checks/pki/pki-tls-secret-broken.ts';
import { issuedCertificates } from '../../../src/evidence/sources/cert-manager.ts';
import { gateways, ingresses, secretNames } from '../../../src/evidence/sources/tls.ts';
import { snapshotOf } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { login, made } from '../../support/pki.ts';
import { deepLeaf, encrypted, ingress, intermediate, leaf, root, serves, tlsSecret } from '../../support/tls.ts';

const letsEncrypt = made({ commonName: 'R11', organizations: ["Let's Encrypt"], use: 'authority' });
const ofLetsEncrypt = made({ commonName: 'www.example.com', names: ['www.example.com'], use: 'server' }, letsEncrypt);
/** Who serves with it is part of the words, and of no verdict. */
const ASIDE = [ingresses, gateways, secretNames, issuedCertificates];
const passes = {
  'a certificate of a root': snapshotOf(serves('shop', 'web', leaf)),
  'a whole chain': snapshotOf(serves('shop', 'web', deepLeaf, { crt: deepLeaf.certificate + intermediate.certificate })),
  'a whole chain with its root': snapshotOf(serves('shop', 'web', deepLeaf, { crt: deepLeaf.certificate + intermediate.certificate + root.certificate })),
  'a certificate of an authority that nobody here has seen': snapshotOf(serves('shop', 'web', deepLeaf)),
  'one that signed itself': snapshotOf(serves('shop', 'web', made({ commonName: 'self', use: 'server' }))),
  'an authority that is handed out, without a key': snapshotOf(tlsSecret('shop', 'trust', { crt: root.certificate + intermediate.certificate, key: '' })),
  'an authority in ca.crt alone': snapshotOf(tlsSecret('shop', 'trust', { crt: '', key: '', ca: root.certificate })),
  'one with parameters before its key': snapshotOf(serves('shop', 'web', leaf, { key: `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${leaf.key}` })),
  "Let's Encrypt with its intermediate": snapshotOf(serves('shop', 'web', ofLetsEncrypt, { crt: ofLetsEncrypt.certificate + letsEncrypt.certificate })),
};

describeCheck(check, {
  fails: {
    'a key of another certificate': [snapshotOf(serves('shop', 'web', leaf, { key: login.key })), 'medium Secret/shop/web (otherKey)'],
    'no key': [snapshotOf(serves('shop', 'web', leaf, { key: ' \n' })), 'medium Secret/shop/web (noKey)'],
    'an encrypted key': [snapshotOf(serves('shop', 'web', leaf, { key: encrypted(leaf) })), 'medium Secret/shop/web (unreadableKey)'],
    'half a key': [snapshotOf(serves('shop', 'web', leaf, { key: leaf.key.slice(0, 100) })), 'medium Secret/shop/web (unreadableKey)'],
    'nothing at all': [snapshotOf(tlsSecret('shop', 'web', { crt: '', key: '' })), 'low Secret/shop/web (empty)'],
    'a key without a certificate': [snapshotOf(tlsSecret('shop', 'web', { crt: '', key: leaf.key })), 'medium Secret/shop/web (noCertificate)'],
    'no certificate in PEM': [snapshotOf(tlsSecret('shop', 'web', { crt: 'TODO', key: leaf.key })), 'medium Secret/shop/web (noCertificate)'],
    'the issuer first': [snapshotOf(serves('shop', 'web', deepLeaf, { crt: intermediate.certificate + deepLeaf.certificate })), 'medium Secret/shop/web (leafNotFirst)'],
    'the root before the intermediate': [snapshotOf(serves('shop', 'web', deepLeaf, { crt: deepLeaf.certificate + root.certificate + intermediate.certificate })), 'low Secret/shop/web (wrongOrder)'],
    'an intermediate that only ca.crt has': [snapshotOf(serves('shop', 'web', deepLeaf, { ca: intermediate.certificate })), 'low Secret/shop/web (chainMissing)'],
    'an intermediate that another Secret has': [snapshotOf(serves('shop', 'web', deepLeaf), serves('other', 'web', deepLeaf, { crt: deepLeaf.certificate + intermediate.certificate })), 'low Secret/shop/web (chainMissing)'],
    "a certificate of Let's Encrypt alone": [snapshotOf(serves('shop', 'web', ofLetsEncrypt)), 'low Secret/shop/web (chainMissing)'],
    'one that an Ingress serves with': [snapshotOf(serves('shop', 'web', leaf, { key: login.key }), ingress('shop', 'web', { secretName: 'web' })), 'medium Secret/shop/web (otherKey)'],
  },
  passes,
  answerableWithout: Object.fromEntries([...Object.keys(passes), 'no TLS Secrets'].map(name => [name, ASIDE])),
  notApplicable: { 'no TLS Secrets': snapshotOf(tlsSecret('shop', 'web', { crt: '', key: '', type: 'Opaque' })) },
});
