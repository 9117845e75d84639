import type { ApiClient, KubeletAddress } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Source } from '../evidence/source.ts';
import { Unread } from './gap-of.ts';
import { nodeAnswer, type AskKubelet, type KubeletAccess, type NodeRead } from './kubelet-access.ts';
import { readNodePlaces, type NodePlace } from './node-addresses.ts';

/**
 * Asks kubelets at their own addresses, where they authorize the fine-grained nodes/configz and nodes/metrics. The
 * credential goes only to one whose certificate the cluster's authority signed for that address, unless told otherwise.
 * @throws {Unread} where the addresses cannot be read
 */
export async function askKubeletDirectly(client: ApiClient, source: Source, read: NodeRead, access: Extract<KubeletAccess, { way: 'direct' }>): Promise<AskKubelet> {
  const places = await readNodePlaces(client);
  return async (name, timeoutMilliseconds) => {
    const kubelet = addressOf(places.get(name), access.takeAsTheyAre);
    if (kubelet === undefined) throw new Unread(gap(source, 'notSeen', 'the node names no address of its own in the cluster'));
    const answer = await client.getFromKubelet(kubelet, read.path, { timeoutMilliseconds, ...(read.accept === undefined ? {} : { accept: read.accept }) });
    if (answer === 'untrusted') throw new Unread({ ...gap(source, 'unauthorized', "the kubelet's certificate is not signed by the cluster's authority for its address, so no credential was sent to it"), flag: '--kubelet-insecure-tls' });
    if (answer.status !== 200) throw new Unread(gapOfDirectStatus(source, answer.status, read.path));
    return nodeAnswer(answer, 'direct');
  };
}

function addressOf(place: NodePlace | undefined, takeAsItIs: boolean): KubeletAddress | undefined {
  return place?.host === undefined ? undefined : { host: place.host, port: place.kubeletPort ?? 10250, takeAsItIs };
}

function gapOfDirectStatus(source: Source, status: number, path: string): Gap {
  switch (status) {
    case 401:
      return gap(source, 'unauthorized', 'the kubelet does not accept this credential');
    case 403:
      // /configz takes nodes/configz, /metrics takes nodes/metrics (kubelet 1.33 and later; before, all take nodes/proxy).
      return { ...gap(source, 'forbidden', `the kubelet refuses ${path} to this user`), permissions: [{ apiGroup: '', resource: `nodes${path}`, verb: 'get' }] };
    case 404:
    case 405:
      return { ...gap(source, 'notServed', `the kubelet does not serve ${path}`), kind: 'notObservable' };
    default:
      return gap(source, 'serverError', `the kubelet answered ${status} to ${path}`);
  }
}

function gap(source: Source, reason: Gap['reason'], detail: string): Gap {
  return { kind: 'gap', reason, source: source.id, detail };
}
