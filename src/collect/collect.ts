import type { Answer, ApiClient } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import { deepFreeze, type Collected, type Snapshot } from '../evidence/snapshot.ts';
import type { Source } from '../evidence/source.ts';
import { apiServerLeases, liveReplicas } from '../evidence/sources/api-server.ts';
import { controlPlanePods } from '../evidence/sources/control-plane.ts';
import { nodeImages } from '../evidence/sources/node-files.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { services } from '../evidence/sources/exposure.ts';
import { apiServices, mutatingWebhooks, validatingWebhooks } from '../evidence/sources/pki.ts';
import { ingresses } from '../evidence/sources/tls.ts';
import { customResourceDefinitions } from '../evidence/sources/trust.ts';
import { servicesOfExtensions } from '../evidence/extension-services.ts';
import { pods } from '../evidence/sources/workloads.ts';
import { gapOfError, Unread } from './gap-of.ts';
import { metered, withAnswers } from './metered-client.ts';
import type { WireSchema } from './protobuf-schema.ts';
import { readCount } from './read-count.ts';
import { readHandshake } from './read-handshake.ts';
import { readGet, readSelfReview } from './read-get.ts';
import { readList } from './read-list.ts';
import type { KubeletAccess } from './kubelet-access.ts';
import { createKubeletRun, readNodes } from './read-nodes.ts';
import type { NodeFilesAccess } from './read-node-files.ts';
import { readReplicas } from './read-replicas.ts';

/** More lists at a time only load the API server's fair queuing and our memory; measured, four is the knee. */
const CONCURRENCY = 4;

export interface CollectOptions {
  readonly tool: string;
  /** The API server's own time at the first answer. */
  readonly collectedAt: string;
  readonly clockSkewSeconds: number;
  readonly namespace?: string;
  readonly clusterId?: string;
  /** Answers that are there already, by path: the one that proved that this is an API server. */
  readonly answers?: ReadonlyMap<string, Answer>;
  /** A source that is not read, and why: its flag was not given, or nobody can log in. */
  readonly notRequested?: ReadonlyMap<Source, Gap>;
  /** Called before and after each source, for a progress line. */
  readonly onProgress?: (event: { readonly source: Source; readonly done: boolean; readonly finished: number; readonly total: number }) => void;
  /** How kubelets are reached; absent: through the API server. */
  readonly kubelets?: KubeletAccess;
  /** How the pods of `--node-files` are made. */
  readonly nodeFiles?: NodeFilesAccess;
  /** Field numbers of built-in kinds for sources that are not the program's own. */
  readonly schema?: WireSchema;
  /** Once aborted, what was not read becomes a gap with this reason. */
  readonly signal?: AbortSignal;
}

/** Reads the sources, each once, and returns a frozen snapshot. Never throws for a source that cannot be read. */
export async function collect(client: ApiClient, sources: Iterable<Source>, options: CollectOptions): Promise<Snapshot> {
  const started = performance.now();
  const wanted = [...new Set(sources)];
  const collected: Record<string, Collected> = {};
  let finished = 0;

  // The leases say how many replicas there are to ask, so they are read before what is read per replica.
  const replicated = wanted.some(source => source.per === 'replica');
  const leases = replicated ? [apiServerLeases] : [];
  // The same with nodes and their kubelets, and with pods, which have a queue of their own: one that hangs must not hold up a list.
  const beyond = wanted.filter(source => source.per === 'node' || source.read.how === 'extensionServers' || source.read.how === 'ingressServers');
  const isRead = (source: Source): boolean => options.notRequested?.has(source) !== true && (options.namespace === undefined || !source.skippedWithNamespace);
  const own = new Map(wanted.map(source => [source.id, source]));
  const ahead: readonly Source[] = [...leases, ...(beyond.some(({ per }) => per === 'node') ? [nodes] : []), ...beyond.filter(isRead).flatMap(({ after = [] }) => after)];
  const before = [...new Map(ahead.map(source => [source.id, own.get(source.id) ?? source])).values()];
  const rest = wanted.filter(source => !beyond.includes(source) && !before.includes(source));
  const total = before.length + beyond.length + rest.length;
  const kubelets = createKubeletRun();
  const groups = new Map<string, Promise<Answer>>();

  async function readOne(source: Source): Promise<void> {
    options.onProgress?.({ source, done: false, finished, total });
    collected[source.id] = await readSource(source);
    finished += 1;
    options.onProgress?.({ source, done: true, finished, total });
  }

  async function readSource(source: Source): Promise<Collected> {
    const begun = performance.now();
    const meter = metered(withAnswers(client, options.answers));
    const outcome = await outcomeOf(meter.client, source);
    return {
      projectionVersion: source.projectionVersion,
      readAt: new Date(Date.parse(options.collectedAt) + Math.round(performance.now() - started)).toISOString(),
      cost: { requests: meter.requests(), bytes: meter.bytes(), seconds: seconds(performance.now() - begun) },
      ...outcome,
    };
  }

  async function outcomeOf(metering: ApiClient, source: Source): Promise<{ value: unknown } | { gap: Gap }> {
    const notRequested = options.notRequested?.get(source);
    if (notRequested !== undefined) return { gap: notRequested };
    if (options.namespace !== undefined && source.skippedWithNamespace) return { gap: outOfScope(source, options.namespace) };
    const { signal } = options;
    if (signal !== undefined && isOver(signal)) return { gap: interrupted(source, signal) };
    try {
      if (source.optIn !== undefined && source.read.how === 'list') await assertAllowed(metering, source, options.namespace);
      return { value: await readBy(metering, source) };
    } catch (error) {
      const gap = gapOfError(source, error);
      return { gap: signal !== undefined && isOver(signal) ? interrupted(source, signal) : gap };
    }
  }

  async function readBy(metering: ApiClient, source: Source): Promise<unknown> {
    const { read } = source;
    switch (read.how) {
      case 'list':
        return readList(metering, source, read, { ...options, groups });
      case 'count':
        return readCount(metering, source, read, options.namespace);
      case 'selfReview':
        return readSelfReview(metering, source, read);
      case 'configured':
        return metering.configured();
      case 'handshake':
        return readHandshake(metering, source, read);
      case 'node':
        return readNodes(metering, source, read, nodeNames(source), kubelets, options.kubelets);
      case 'kubeletProbe':
        return (await import('./probe-kubelets.ts')).probeKubelets(metering, source, nodeNames(source), listed(source, pods), kubelets);
      case 'nodeFiles': {
        const known = { nodes: listed(source, nodes), images: listed(source, nodeImages), staticPods: listed(source, controlPlanePods) };
        return (await import('./read-node-files.ts')).readNodeFiles(metering, source, known, options.nodeFiles ?? { warn: () => undefined }, options.signal);
      }
      case 'nodePorts':
        return readPorts(metering, source, read);
      case 'extensionServers': {
        const called = servicesOfExtensions({ validating: readOr(validatingWebhooks), mutating: readOr(mutatingWebhooks), services: readOr(apiServices), definitions: readOr(customResourceDefinitions) });
        return (await import('./look-at-extensions.ts')).lookAtExtensions(metering, source, read, { called: called.values(), services: listed(source, services), pods: listed(source, pods) });
      }
      case 'ingressServers':
        return (await import('./look-at-ingresses.ts')).lookAtIngresses(metering, source, read, listed(source, ingresses));
      case 'get': {
        if (source.per === 'replica') return readReplicas(metering, source, read, replicaCount());
        return readGet(metering, source, read);
      }
    }
  }

  async function readPorts(metering: ApiClient, source: Source, read: Extract<Source['read'], { how: 'nodePorts' }>): Promise<unknown> {
    // Without them the ports are those of the defaults.
    const known = { nodes: listed(source, nodes), controlPlane: readOr(controlPlanePods) };
    return read.way === 'tunnel'
      ? (await import('./look-through-tunnels.ts')).lookThroughTunnels(metering, source, read, { ...known, pods: listed(source, pods) })
      : (await import('./probe-nodes.ts')).probeNodes(metering, source, read, known);
  }

  function replicaCount(): number | Gap {
    const read = collected[apiServerLeases.id];
    if (read === undefined) throw new Error('the leases are read first');
    if ('gap' in read) return read.gap;
    const live = liveReplicas(read.value as Parameters<typeof liveReplicas>[0], options.collectedAt);
    // Something answered, so there is one at least: older servers, and those told so by flag, hold no lease.
    return live > 0 ? live : { kind: 'notObservable', reason: 'notSeen', source: apiServerLeases.id, detail: 'no API server holds a lease' };
  }

  function nodeNames(source: Source): readonly string[] {
    return listed(source, nodes).map(({ metadata }) => metadata.name);
  }

  /** A list that was read before this source, or none: what names more is missing elsewhere, too. */
  function readOr<T>(list: Source<readonly T[]>): readonly T[] {
    const read = collected[list.id];
    return read !== undefined && 'value' in read ? (read.value as readonly T[]) : [];
  }

  /** A list that was read before this source. @throws {Unread} where it could not be */
  function listed<T>(source: Source, list: Source<T>): T {
    const read = collected[list.id];
    if (read === undefined) throw new Error(`${list.id} are read first`);
    if ('gap' in read) throw new Unread({ ...read.gap, source: source.id, detail: `which ${list.title.toLowerCase()} there are is not known: ${read.gap.detail}` });
    return read.value as T;
  }

  const queue = [...rest];
  async function worker(): Promise<void> {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) await readOne(source);
  }
  await Promise.all(before.map(readOne));
  // A tunnel is one more request that the kubelet counts, so whoever counts its requests comes first.
  async function readBeyond(): Promise<void> {
    const isTunnel = ({ read }: Source): boolean => read.how === 'nodePorts' || read.how === 'extensionServers';
    await Promise.all(beyond.filter(source => !isTunnel(source)).map(readOne));
    await Promise.all(beyond.filter(isTunnel).map(readOne));
  }
  await Promise.all([...Array.from({ length: CONCURRENCY }, worker), readBeyond()]);

  return deepFreeze({
    tool: options.tool,
    connection: client.connection,
    collectedAt: options.collectedAt,
    clockSkewSeconds: options.clockSkewSeconds,
    durationSeconds: seconds(performance.now() - started),
    ...(options.clusterId === undefined ? {} : { clusterId: options.clusterId }),
    scope: options.namespace === undefined ? {} : { namespace: options.namespace },
    // Sorted, so that the order in which answers happened to arrive leaves no trace.
    sources: Object.fromEntries(Object.entries(collected).sort(([a], [b]) => (a < b ? -1 : 1))),
  });
}

/**
 * Asks first whether the caller may read what a flag asks for, so that nobody is refused whom the audit log then shows.
 * Where the API server does not say, the read itself tells.
 * @throws {Unread} it may not
 */
async function assertAllowed(client: ApiClient, source: Source, namespace: string | undefined): Promise<void> {
  const { askPermissions } = await import('./ask-permissions.ts');
  const answers = await askPermissions(client, source.permissions, namespace);
  if (answers.some(answer => 'allowed' in answer && !answer.allowed)) {
    throw new Unread({ kind: 'gap', reason: 'forbidden', source: source.id, detail: `this user may not read ${source.title}`, permissions: source.permissions });
  }
}

function outOfScope(source: Source, namespace: string): Gap {
  return {
    kind: 'outOfScope',
    reason: 'namespaceOnly',
    source: source.id,
    detail: `${source.title} are not part of namespace ${namespace}`,
  };
}

/** Asked through a function, because the signal changes while we wait and the compiler would remember its first answer. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function interrupted(source: Source, signal: AbortSignal): Gap {
  const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return {
    kind: 'gap',
    reason: timedOut ? 'timeout' : 'interrupted',
    source: source.id,
    detail: timedOut ? `the run's --timeout was over before ${source.title} were read` : `interrupted before ${source.title} were read`,
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
