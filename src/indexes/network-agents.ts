import { networkAgents, type NetworkAgent } from '../data/network-agents.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { daemonSets, type DaemonSetEvidence } from '../evidence/sources/network.ts';

/** A network agent that was recognised in a DaemonSet. */
export interface FoundAgent {
  readonly agent: NetworkAgent;
  readonly daemonSet: ResourceRef;
  /** As whom it asks the API server. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Its container's switches, as `--run-firewall=false`. */
  readonly switches: readonly string[];
  readonly image: string;
  /** What tells it: the image by its own name, or a container by the names of the install manifest. */
  readonly evidence: EvidenceItem;
}

/** The agents in one DaemonSet, one for each container that is one. canal is two: flannel and Calico. */
export function agentsIn(daemonSet: DaemonSetEvidence): readonly FoundAgent[] {
  const { name, namespace = '' } = daemonSet.metadata;
  const { serviceAccountName, containers = [] } = daemonSet.spec?.template.spec ?? {};
  return containers.flatMap((container, at) => {
    const image = container.image ?? '';
    const byImage = networkAgents.find(({ images }) => images.some(end => endsWith(image, end)));
    const byName = networkAgents.find(({ named }) => named?.container === container.name && named.daemonSets.includes(name));
    const agent = byImage ?? byName;
    if (agent === undefined) return [];
    const field = byImage === undefined ? 'name' : 'image';
    const path = `spec.template.spec.containers[${at}].${field}`;
    return [{
      agent,
      image,
      daemonSet: refOf(daemonSets, daemonSet),
      serviceAccount: { namespace, name: serviceAccountName ?? 'default' },
      switches: [...(container.command ?? []), ...(container.args ?? [])],
      evidence: {
        resource: refOf(daemonSets, daemonSet),
        path,
        value: byImage === undefined ? container.name : image,
        grade: 'exact',
        reproduce: ['kubectl', 'get', 'daemonsets', '-n', namespace, '-o', `jsonpath={.${path}}`, '--', name],
      },
    }];
  });
}

/** Whether an image's repository ends in these whole segments, whatever registry, tag and digest it has. */
function endsWith(image: string, end: string): boolean {
  const repository = withoutDigest(image).replace(/:[^/:]*$/, '');
  return repository === end || repository.endsWith(`/${end}`);
}

/** The day in a tag such as `v20240813-c6f155d6`; undefined where the tag has none. */
export function dayOfImage(image: string): string | undefined {
  return /:v(\d{8})(?:-[^/:]*)?$/.exec(withoutDigest(image))?.[1];
}

/** Cut off before any pattern looks at it: whoever may create a DaemonSet writes what follows. */
function withoutDigest(image: string): string {
  const [reference = ''] = image.split('@', 1);
  return reference;
}
