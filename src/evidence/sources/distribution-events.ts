import type { CoreV1Event } from '@kubernetes/client-node';
import { warnedCertificatesIn } from '../certificate-warnings.ts';
import { listSource } from '../list-source.ts';
import type { Source } from '../source.ts';

/**
 * Events that k3s, or RKE2, writes twice an hour about the certificates of a node that end soon. Nodes have no namespace, so
 * these lie in `default`; the server is asked for those of this one program, since there may be a great many others.
 */
const eventsOf = (program: 'k3s' | 'rke2', title: string) => listSource<CoreV1Event>()({
  id: `${program}certificateevents`,
  title: `Events of ${title} about its certificates`,
  apiVersion: 'v1',
  kind: 'Event',
  resource: 'events',
  namespaced: true,
  namespace: 'default',
  fieldSelector: `involvedObject.kind=Node,source=${program}-cert-monitor`,
  // The API of both; elsewhere nobody writes such Events.
  onlyWithGroup: 'k3s.cattle.io',
  projectionVersion: 1,
  fields: {
    metadata: { name: true, namespace: true, creationTimestamp: true },
    involvedObject: { kind: true, name: true },
    reason: true,
    message: warnedCertificatesIn,
    lastTimestamp: true,
  },
});

export const k3sCertificateEvents = eventsOf('k3s', 'k3s');
export const rke2CertificateEvents = eventsOf('rke2', 'RKE2');

/** One Event as these sources keep it. */
export type CertificateEvent = typeof k3sCertificateEvents extends Source<readonly (infer Item)[]> ? Item : never;
