import { RequestFailure, type Answer, type ApiClient } from '../cluster/api-client.ts';
import type { Gap, Permission } from '../evidence/gap.ts';
import type { PerResult, Source } from '../evidence/source.ts';
import type { KubeletProbe } from '../evidence/sources/kubelet.ts';
import type { pods } from '../evidence/sources/workloads.ts';
import { askPermissions } from './ask-permissions.ts';
import type { KubeletRun } from './read-nodes.ts';

type Pod = NonNullable<(typeof pods)['evidence']>[number];

/** Pods of one node that are tried; one that has ended has no address any more. */
const MOST_PODS = 3;
const PODS_PROXY: Permission = { apiGroup: '', resource: 'pods/proxy', verb: 'get' };

/**
 * Sends each kubelet two requests without a credential, through the API server and a pod on the node's network. Health
 * checks are asked for, since the answer of nothing else is as short: a kubelet authenticates and authorizes those too.
 */
export async function probeKubelets(client: ApiClient, source: Source, names: readonly string[], all: readonly Pod[], run: KubeletRun): Promise<PerResult<KubeletProbe>[]> {
  const onHost = all.filter(({ spec }) => spec?.hostNetwork === true && spec.nodeName !== undefined);
  const namespace = await allowedNamespace(client);
  if (namespace === 'none') {
    const gap: Gap = { kind: 'gap', reason: 'forbidden', source: source.id, detail: 'this user may not reach pods through the API server', permissions: [PODS_PROXY] };
    return names.map(of => ({ of, gap }));
  }
  const ways = Map.groupBy(onHost.filter(({ metadata }) => namespace === 'any' || metadata.namespace === namespace), ({ spec }) => spec?.nodeName ?? '');
  return Promise.all(names.map(async of => ({ of, ...(await probe(client, source, ways.get(of) ?? [], run)) })));
}

/** Where the caller may reach pods, by its own word for it: everywhere, in kube-system, or nowhere. */
async function allowedNamespace(client: ApiClient): Promise<'any' | 'kube-system' | 'none'> {
  const [anywhere, system] = await askPermissions(client, [PODS_PROXY, { ...PODS_PROXY, namespace: 'kube-system' }]);
  if (anywhere !== undefined && 'allowed' in anywhere && anywhere.allowed) return 'any';
  return system !== undefined && 'allowed' in system && system.allowed ? 'kube-system' : 'none';
}

async function probe(client: ApiClient, source: Source, pods: readonly Pod[], run: KubeletRun): Promise<{ value: KubeletProbe } | { gap: Gap }> {
  if (pods.length === 0) {
    return { gap: { kind: 'notObservable', reason: 'notSeen', source: source.id, detail: 'no pod that may be used shares the network of this node, so the probe has no way to its kubelet' } };
  }
  for (const { metadata } of pods.slice(0, MOST_PODS)) {
    const pod = { namespace: metadata.namespace ?? '', name: metadata.name };
    const anonymous = await askAsStranger(client, pod, run);
    const readOnly = await run.turn(milliseconds => ask(client, pod, ':10255/proxy/healthz', milliseconds));
    const value = { pod, ...anonymous, ...readOnlyPortIn(readOnly) };
    if ('anonymous' in value || 'readOnlyPort' in value) return { value };
  }
  return { gap: { kind: 'gap', reason: 'unreachable', source: source.id, detail: 'the API server reaches the kubelet through no pod on its network' } };
}

/** Health first. Whoever gets that is asked for what takes the right to everything; its answer is dropped unread. */
async function askAsStranger(client: ApiClient, pod: KubeletProbe['pod'], run: KubeletRun): Promise<Pick<KubeletProbe, 'anonymous'>> {
  const health = anonymousIn(await run.turn(milliseconds => ask(client, pod, ':10250/proxy/healthz', milliseconds, 'https:')));
  if (health !== 'granted') return health === undefined ? {} : { anonymous: health };
  const everything = await run.turn(milliseconds => ask(client, pod, ':10250/proxy/debug/pprof/cmdline', milliseconds, 'https:'));
  return { anonymous: anonymousIn(everything) === 'granted' ? 'allowed' : 'granted' };
}

async function ask(client: ApiClient, pod: KubeletProbe['pod'], rest: string, timeoutMilliseconds: number, scheme = ''): Promise<Answer | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${scheme}${encodeURIComponent(pod.name)}${rest}`;
  try {
    // A kubelet refuses to speak of some paths in JSON before it looks at who asks.
    return await client.get(path, { accept: '*/*', beyond: { timeoutMilliseconds } });
  } catch (error) {
    // Whoever does not answer leaves the question open.
    if (error instanceof RequestFailure) return undefined;
    throw error;
  }
}

/** How a kubelet took a request without a credential. The API server's own answers are Status objects; a kubelet's are bare words. */
export function anonymousIn(answer: Answer | undefined): 'refused' | 'forbidden' | 'granted' | undefined {
  if (answer === undefined || answer.body.startsWith('{')) return undefined;
  if (answer.status === 401) return 'refused';
  if (answer.status === 403 && answer.body.includes('user=system:anonymous')) return 'forbidden';
  return answer.status === 200 ? 'granted' : undefined;
}

function readOnlyPortIn(answer: Answer | undefined): Pick<KubeletProbe, 'readOnlyPort'> {
  if (answer?.status === 200 && answer.body.trim() === 'ok') return { readOnlyPort: 'open' };
  return answer?.status === 503 && answer.body.includes('connection refused') ? { readOnlyPort: 'closed' } : {};
}
