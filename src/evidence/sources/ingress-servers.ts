import type { OptIn, PerResult, Source } from '../source.ts';
import { shownServer, type ShownServer } from './node-ports.ts';
import { ingresses } from './tls.ts';

/** One Ingress as this program keeps it. */
export type IngressEvidence = NonNullable<(typeof ingresses)['evidence']>[number];

/** A host that an Ingress serves with a certificate, at one of its addresses. */
export interface ServedHost {
  /** Of a wildcard one name below it. */
  readonly host: string;
  /** An IP address. */
  readonly address: string;
}

/** What people meet who come to the hosts of Ingresses, by {@link servedKey}. */
export const ingressServers: Source<readonly PerResult<ShownServer>[]> = {
  type: 'source',
  id: 'ingressservers',
  title: 'servers of Ingresses',
  projectionVersion: 1,
  read: { how: 'ingressServers', project: shownServer },
  permissions: [{ apiGroup: 'networking.k8s.io', resource: 'ingresses', verb: 'list' }],
  optIn: { flag: '--probe-nodes', detail: 'nothing was sent to the addresses of Ingresses' } satisfies OptIn,
  after: [ingresses],
  skippedWithNamespace: true,
};

/** `HOST at ADDRESS`. */
export function servedKey({ host, address }: ServedHost): string {
  return `${host} at ${address}`;
}

/** The hosts of the entries of `spec.tls`, each with the place of its entry. */
export function hostsOf({ spec }: IngressEvidence): ReadonlyMap<string, number> {
  return new Map((spec?.tls ?? []).flatMap(({ hosts = [] }, entry) => hosts.map(host => [host.replace(/^\*\./, 'any.').toLowerCase(), entry] as const)).reverse());
}

/** The addresses that the controller wrote into the status. A name in DNS is none: it would lead wherever whoever wrote it likes. */
export function addressesOf({ status }: IngressEvidence): readonly string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}
