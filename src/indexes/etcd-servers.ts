import type { Program } from '../evidence/command-flags.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { nodeTunnels, type ShownServer } from '../evidence/sources/node-ports.ts';
import { certificateSettings } from './certificate-settings.ts';
import { platform } from './platform.ts';
import { portsSeen, type LookedAt, type PortsSeen } from './sightings-of-node-ports.ts';

/** An etcd as it shows itself to a client without a certificate. */
export interface EtcdServer {
  readonly at: LookedAt;
  readonly shown: ShownServer;
  /** The file in which its flags, and those of the API server on its node, both have their authority of clients; absent where they differ or were not seen. */
  readonly sharedAuthorityFile?: string;
}

export interface EtcdServers {
  readonly servers: readonly EtcdServer[];
  /** What keeps others from being seen. */
  readonly unseen: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
  /** A provider runs it where nobody can look. */
  readonly isManaged: boolean;
}

/** Every etcd that was met at the port for clients of a node. */
export const etcdServers = defineIndex({
  id: 'etcd-servers',
  needs: { seen: portsSeen, platform: attempt(platform), settings: attempt(certificateSettings) },
  build({ seen, platform: found, settings }): EtcdServers {
    const isManaged = 'value' in found && found.value.isManaged;
    const starts = 'value' in settings ? settings.value.starts : [];
    const fileOf = (node: string, program: Program, flag: string): string | undefined => starts.find(each => each.node === node && each.program === program)?.files[flag];
    const servers = seen.ports.flatMap((at): EtcdServer[] => {
      if (at.port.program !== 'etcd' || !('shown' in at.port)) return [];
      const file = fileOf(at.node, 'etcd', 'trusted-ca-file');
      const isShared = file !== undefined && file === fileOf(at.node, 'kube-apiserver', 'client-ca-file');
      return [{ at, shown: at.port.shown, ...(isShared ? { sharedAuthorityFile: file } : {}) }];
    });
    return { servers, unseen: isManaged ? [] : unseenEtcds(seen, new Set(servers.map(({ at }) => at.node))), isManaged };
  },
});

function unseenEtcds({ ports, unreachedNodes, unread }: PortsSeen, met: ReadonlySet<string>): EtcdServers['unseen'] {
  const closed = ports.flatMap(({ node, port }) => (port.program === 'etcd' && 'gap' in port && !met.has(node) ? [{ node, gap: port.gap }] : []));
  // Whether a node that was not reached has one is not known; it matters where no other has been met.
  const unreached = met.size > 0 ? [] : unreachedNodes;
  const unseen = [...closed, ...unreached].map(({ node, gap }) => ({ of: `etcd on ${node}`, gaps: [gap] }));
  if (unseen.length > 0 || met.size > 0) return unseen;
  const [way] = unread.toSorted((a, b) => Number(b.source === nodeTunnels) - Number(a.source === nodeTunnels));
  const nowhere: Gap = { kind: 'notObservable', reason: 'notSeen', detail: 'no node says that it is part of the control plane, so nothing tells where etcd is' };
  return [{ of: 'etcd', gaps: way?.gaps ?? [nowhere] }];
}
