import type { PerResult } from '../../src/evidence/source.ts';
import { extensionServers, type ExtensionServer, type ExtensionServers } from '../../src/evidence/sources/extension-servers.ts';
import type { Made } from './pki.ts';

/** A pod that shows this chain on port 8443. */
export function servingPod(pod: string, ...chain: readonly Made[]): PerResult<ExtensionServer> {
  return { of: pod, value: { pod, port: 8443, shown: { chain: chain.map(({ kept }) => kept), clientCertificate: 'notAsked', clientAuthorities: { names: [] } } } };
}

/** A pod that was not reached. */
export function hiddenPod(pod: string): PerResult<ExtensionServer> {
  return { of: pod, gap: { kind: 'gap', reason: 'timeout', source: extensionServers.id, detail: 'port 8443 did not answer within 3 s' } };
}

/** The pods behind a Service, by its namespace, name and port. */
export function behind(of: string, ...pods: ExtensionServers): PerResult<ExtensionServers> {
  return { of, value: pods };
}
