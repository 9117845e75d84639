import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { nodeFiles } from '../evidence/sources/node-files.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { certificateInventory } from './certificate-inventory.ts';
import { certificateSettings } from './certificate-settings.ts';
import type { SeenCertificate, Sighting } from './certificate-sighting.ts';
import type { RoleId } from './certificate-role.ts';
import { isSelfMade } from './self-made-certificate.ts';
import { portsSeen } from './sightings-of-node-ports.ts';
import { isCovered } from './serving-names.ts';

/** A certificate that a component of a node serves with, and by what it is asked for. */
export interface ComponentName {
  readonly role: ServingRole;
  readonly node: string;
  readonly seen: SeenCertificate;
  readonly sighting: Sighting;
  /** Names and addresses of which clients ask for one; empty where that is not known. */
  readonly wanted: readonly string[];
  /** Whether it names one of them; absent where none is known. */
  readonly isNamed?: boolean;
  /** API servers are started so that they verify kubelets; absent where their flags were not seen, or it is no kubelet. */
  readonly isVerified?: boolean;
}

export interface ComponentNames {
  readonly servers: readonly ComponentName[];
  readonly unseen: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

const ROLES = ['kubelet-serving', 'controller-manager-serving', 'scheduler-serving', 'etcd-server', 'etcd-peer'] as const satisfies readonly RoleId[];
export type ServingRole = (typeof ROLES)[number];

/** By this kubeadm's and k3s' API servers reach the etcd of their own node. */
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/**
 * What kubelets, controller managers, schedulers and etcds serve with, where it was seen. A kubelet is asked at an address of
 * its node, or by its name (kubernetes pkg/kubelet/client, the order is --kubelet-preferred-address-types); etcd for its
 * clients on its node at 127.0.0.1 as a rule, or at an address of the node. What a program made for itself is another matter:
 * nobody can verify it by any name.
 */
export const componentNames = defineIndex({
  id: 'component-names',
  needs: { inventory: certificateInventory, seen: portsSeen, files: attempt(nodeFiles), nodes: attempt(nodes), settings: certificateSettings },
  build({ inventory, seen, files, nodes: list, settings }): ComponentNames {
    const addresses = new Map(('value' in list ? list.value : []).map(({ metadata, status }) => [metadata.name, (status?.addresses ?? []).map(({ address }) => address)]));
    const apiServers = settings.starts.filter(({ program }) => program === 'kube-apiserver');
    const isVerified = apiServers.length === 0 ? undefined : apiServers.some(({ files: flags }) => flags['kubelet-certificate-authority'] !== undefined);
    const servers = inventory.certificates.flatMap(each => ROLES.flatMap((role): ComponentName[] => {
      if (isSelfMade(role, each.certificate)) return [];
      const places = each.sightings.filter(sighting => sighting.role === role && sighting.node !== undefined);
      return [...Map.groupBy(places, ({ node }) => node)].flatMap(([node, [sighting]]) => {
        if (node === undefined || sighting === undefined) return [];
        const own = addresses.get(node) ?? [];
        const wanted = own.length === 0 ? [] : role === 'kubelet-serving' ? [...own, node] : role === 'etcd-server' ? [...LOOPBACK, ...own, node] : [];
        return [{
          role, node, seen: each, sighting, wanted: [...new Set(wanted)],
          ...(wanted.length === 0 ? {} : { isNamed: wanted.some(name => isCovered(each.certificate, name)) }),
          ...(role !== 'kubelet-serving' || isVerified === undefined ? {} : { isVerified }),
        }];
      });
    }));
    const looked = 'value' in files || seen.ports.length > 0;
    const unread = looked ? [] : seen.unread.slice(0, 1).map(({ source, gaps }) => ({ of: source.title, gaps }));
    return { servers, unseen: [...inventory.unread.filter(({ source }) => OF_NODES.has(source.id)).map(({ of, gaps }) => ({ of, gaps })), ...unread, ...('gaps' in list && looked ? [{ of: 'addresses of nodes', gaps: list.gaps }] : [])] };
  },
});

/** Other ways show nothing that a component of a node serves with. */
const OF_NODES: ReadonlySet<string> = new Set(['nodetunnels', 'nodeprobe', 'nodefiles']);
