import type { Gap } from '../../src/evidence/gap.ts';
import type { PerResult } from '../../src/evidence/source.ts';
import { nodeProbe, nodeTunnels, type LookedAtPort, type NodePort, type NodePorts, type ShownServer } from '../../src/evidence/sources/node-ports.ts';
import type { Made } from './pki.ts';

/** A port that shows this chain, and demands a certificate of whoever comes unless told otherwise. */
export function shownPort(port: NodePort, chain: readonly Made[], more: Partial<ShownServer> = {}): LookedAtPort {
  return { ...port, shown: { chain: chain.map(({ kept }) => kept), clientCertificate: 'required', clientAuthorities: { names: ['CN=etcd-ca'] }, ...more } };
}

/** A node looked at through a pod of its own. */
export function tunnelled(of: string, ...ports: readonly LookedAtPort[]): PerResult<NodePorts> {
  return { of, value: { way: { pod: { namespace: 'kube-system', name: `kube-proxy-${of}` } }, ports } };
}

/** A node looked at its own address. */
export function direct(of: string, address: string, ...ports: readonly LookedAtPort[]): PerResult<NodePorts> {
  return { of, value: { way: { address }, ports } };
}

/** What a source says whose flag was not given. */
function notAsked({ id, optIn }: typeof nodeTunnels | typeof nodeProbe): Gap {
  if (optIn === undefined) throw new Error(`${id} has no flag`);
  return { kind: 'notRequested', reason: 'flagNotGiven', source: id, detail: optIn.detail, flag: optIn.flag };
}

/** Both ways as they are without flags. */
export const withoutFlags = { [nodeTunnels.id]: notAsked(nodeTunnels), [nodeProbe.id]: notAsked(nodeProbe) };
