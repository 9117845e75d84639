import { nodeIdentities, type NodeCertificate } from '../../indexes/node-identities.ts';
import { componentRef, type ResourceRef } from '../../evidence/resource-ref.ts';
import { defineCheck, unknownTarget, type Finding } from '../define-check.ts';

/** Nodes that are named; more are counted. */
const NAMED = 3;

export default defineCheck({
  id: 'pki-node-identity-shared',
  title: 'Identity of a node is in use on another node',
  severity: 'high',
  rationale:
    'The API server gives a kubelet what belongs to the pods of its node, by the name in its certificate. Where a second machine has a certificate of that name, or the key, it reads those Secrets as well and can speak for the node; a machine that was copied from another is how it comes about as a rule.',
  remediation: {
    change: 'On the node that should not have it, stop the kubelet, remove the certificates in /var/lib/kubelet/pki and kubelet.conf, and join the node again under its own name. If the copy cannot be explained, take the key for stolen: remove the Node, and drain and rebuild that machine as well, since a certificate cannot be revoked.',
    mayBreak: 'The node is gone until it has joined again; drain it before. Remove machine identities from the images and snapshots that nodes are made of.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/node/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],
  scope: 'cluster',

  needs: { nodes: nodeIdentities },
  *targets({ nodes }) {
    yield* nodes.identities;
    for (const { of, gaps } of nodes.unseen) yield unknownTarget(of, gaps);
  },

  inspect({ of, places, nodes, sharers }) {
    const resource: ResourceRef = { apiVersion: 'v1', kind: 'Node', name: of };
    const [first] = places;
    const finding = (words: string, at: NodeCertificate, field: 'commonName' | 'publicKeySha256'): Finding => ({
      resource,
      message: words,
      // What lies in a file of a node is not part of the Node object.
      evidence: [{ resource: at.sighting.as === 'issued' ? at.sighting.resource : componentRef('kubelet'), path: `${at.sighting.path}.${field}`, value: at.certificate[field], grade: 'exact', ...at.sighting.shown }],
      cause: 'identities of nodes',
    });
    const elsewhere = places.find(({ sighting: { node } }) => node !== undefined && node !== of);
    if (nodes.length > 1) return finding(`client certificates of node ${of} lie on ${listed(nodes)}`, elsewhere ?? first, 'commonName');
    if (sharers.length > 0) return finding(`the key of a client certificate of node ${of} is also that of ${listed(sharers)}`, first, 'publicKeySha256');
    // Where the kubelet of that node itself uses it, the check of what deviates says so.
    if (elsewhere === undefined || elsewhere.sighting.role === 'kubelet-client') return undefined;
    return finding(`a client certificate of node ${of} lies on ${elsewhere.sighting.node ?? ''} (${elsewhere.sighting.where})`, elsewhere, 'commonName');
  },
});

function listed(names: readonly string[]): string {
  return names.length > NAMED ? `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more nodes` : names.join(', ');
}
