import { RequestFailure, type Answer, type ApiClient } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import { nodesProxy, type NodeAnswer, type PerResult, type Source } from '../evidence/source.ts';
import { malformed, Unread, statusMessage } from './gap-of.ts';
import { nodeAnswer, type AskKubelet, type KubeletAccess, type NodeRead } from './kubelet-access.ts';
import { isRecord } from './read-list.ts';

/** Kubelets that are asked at once, over all sources. */
const CONCURRENCY = 16;
/** What one request to a kubelet may take; who has not answered by then hangs. */
const NODE_MILLISECONDS = 5_000;
/** What all requests to all kubelets may take together. */
const BUDGET_MILLISECONDS = 60_000;
/** Nodes that are asked before the rest: where all of these are refused, the right is missing for every node. */
const SCOUTS = 3;

/** What one run learns about its kubelets, shared by the sources that ask them. */
export interface KubeletRun {
  /** Waits for a turn and for what is left of the time. Undefined where the time for all nodes is over. */
  readonly turn: <T>(use: (milliseconds: number) => Promise<T>) => Promise<T | undefined>;
  /** Nodes that did not answer, and why: no other source waits for them again. */
  readonly dead: Map<string, Gap>;
  /** Set once the API server refused the way to every kubelet that was tried. */
  refused?: Gap;
}

export function createKubeletRun(budgetMilliseconds = BUDGET_MILLISECONDS, nodeMilliseconds = NODE_MILLISECONDS, concurrency = CONCURRENCY): KubeletRun {
  let started: number | undefined;
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    dead: new Map(),
    async turn(use) {
      if (running >= concurrency) await new Promise<void>(resolve => waiting.push(resolve));
      else running += 1;
      try {
        started ??= performance.now();
        const left = budgetMilliseconds - (performance.now() - started);
        return left <= 0 ? undefined : await use(Math.ceil(Math.min(left, nodeMilliseconds)));
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}

/**
 * Asks the kubelet of every node the same GET. Each node has a result or a gap of its own; a
 * refusal that holds for all of them is learned from a few.
 *
 * @param names of all nodes
 */
export async function readNodes(
  client: ApiClient,
  source: Source,
  read: NodeRead,
  names: readonly string[],
  run: KubeletRun,
  access: KubeletAccess = { way: 'proxy' },
): Promise<PerResult<unknown>[]> {
  const asker = access.way === 'proxy' ? askThroughServer(client, source, read) : await (await import('./ask-kubelet-directly.ts')).askKubeletDirectly(client, source, read, access);
  const results = new Map<string, PerResult<unknown>>();
  const again = new Set(names.slice(0, read.againOf ?? 0));
  const ask = async (name: string): Promise<void> => {
    results.set(name, { of: name, ...(await askNode(asker, source, read, name, again.has(name), run)) });
  };
  await Promise.all(names.slice(0, SCOUTS).map(ask));
  const scouted = [...results.values()];
  if (scouted.length > 0 && scouted.every(result => 'gap' in result && result.gap.reason === 'forbidden' && result.gap.permissions !== undefined)) {
    run.refused ??= refusal(source);
  }
  await Promise.all(names.slice(SCOUTS).map(ask));
  return names.flatMap(name => results.get(name) ?? []);
}

async function askNode(asker: AskKubelet, source: Source, read: NodeRead, name: string, again: boolean, run: KubeletRun): Promise<{ value: unknown } | { gap: Gap }> {
  const learned = run.refused ?? run.dead.get(name);
  if (learned !== undefined) return { gap: { ...learned, source: source.id } };
  const outcome = await run.turn(async milliseconds => {
    // What was learned while waiting for the turn.
    const meanwhile = run.refused ?? run.dead.get(name);
    if (meanwhile !== undefined) return { gap: { ...meanwhile, source: source.id } };
    try {
      const first = await asker(name, milliseconds);
      // A second answer that fails costs the step between the two, and nothing of the first.
      const second = again ? await asker(name, milliseconds).catch(undefinedIfUnread) : undefined;
      return { value: parsed(source, read, first, second) };
    } catch (error) {
      const gap = nodeGap(source, error, milliseconds);
      if (gap.reason === 'timeout' || gap.reason === 'unreachable' || gap.reason === 'noCertificate') run.dead.set(name, gap);
      return { gap };
    }
  });
  return outcome ?? { gap: { kind: 'gap', reason: 'timeout', source: source.id, detail: 'the time for all kubelets was over before this one was asked' } };
}

function askThroughServer(client: ApiClient, source: Source, read: NodeRead): AskKubelet {
  return async (name, timeoutMilliseconds) => {
    const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy${read.path}`;
    const answer = await client.get(path, { beyond: { timeoutMilliseconds }, ...(read.accept === undefined ? {} : { accept: read.accept }) });
    if (answer.status !== 200) throw new Unread(gapOfNodeStatus(source, answer, read.path));
    return nodeAnswer(answer, 'proxy');
  };
}

function parsed(source: Source, read: NodeRead, first: NodeAnswer, second: NodeAnswer | undefined): unknown {
  try {
    return second === undefined ? read.parse(first) : read.parse(first, second);
  } catch (error) {
    // A parser's own words may quote the body, and a body is not ours to print.
    if (error instanceof Error) throw malformed(source, `the kubelet's ${read.path} did not answer what it promises`);
    throw error;
  }
}

/** What an answer other than 200 means: the API server speaks in Status objects, the kubelet in plain words. */
function gapOfNodeStatus(source: Source, answer: Answer, path: string): Gap {
  const status = statusIn(answer.body);
  const base = { source: source.id } as const;
  switch (answer.status) {
    case 401:
      return status === undefined
        ? { ...base, kind: 'gap', reason: 'unauthorized', detail: "the kubelet does not accept the API server's client certificate" }
        : { ...base, kind: 'gap', reason: 'unauthorized', detail: 'the API server no longer accepts this credential' };
    case 403:
      return status === undefined
        ? { ...base, kind: 'gap', reason: 'forbidden', detail: `the kubelet refuses ${path} to the API server itself` }
        : refusal(source);
    case 404:
    case 405:
      return isRecord(status?.['details']) && status['details']['kind'] === 'nodes'
        ? { ...base, kind: 'gap', reason: 'notSeen', detail: 'the node was gone when its kubelet was asked' }
        : { ...base, kind: 'notObservable', reason: 'notServed', detail: `the kubelet does not serve ${path}` };
    case 429:
      return { ...base, kind: 'gap', reason: 'tooManyRequests', detail: 'the API server was too busy to ask the kubelet' };
    case 502:
    case 503:
    case 504:
      if (String(status?.['message']).includes('tls: internal error')) {
        // What a kubelet with serverTLSBootstrap says as long as nobody has signed its certificate, and once that has ended.
        return { ...base, kind: 'gap', reason: 'noCertificate', detail: 'the kubelet has no serving certificate, or none that is still good: look for its CertificateSigningRequest, which somebody must approve' };
      }
      return { ...base, kind: 'gap', reason: 'unreachable', detail: `the API server cannot reach the kubelet (${answer.status})` };
    default:
      return { ...base, kind: 'gap', reason: 'serverError', detail: `the kubelet could not be asked for ${path} (${statusMessage(answer.body) ?? answer.status})` };
  }
}

function refusal(source: Source): Gap {
  return { kind: 'gap', reason: 'forbidden', source: source.id, detail: 'this user may not reach kubelets through the API server', permissions: [nodesProxy] };
}

/** The same words for every node, so that a hundred dead ones are one line; which node it was stands beside them. */
function nodeGap(source: Source, error: unknown, milliseconds: number): Gap {
  if (error instanceof Unread) return error.gap;
  if (!(error instanceof RequestFailure)) throw error;
  const details: Readonly<Record<RequestFailure['kind'], string>> = {
    timeout: `the kubelet did not answer within ${Math.ceil(milliseconds / 1000)} s`,
    unreachable: 'the connection failed while the kubelet was asked',
    truncated: 'the answer of the kubelet broke off',
    malformed: 'the answer of the kubelet cannot be decoded or is too long',
    interrupted: 'interrupted before the kubelet answered',
  };
  return { kind: 'gap', reason: error.kind, source: source.id, detail: details[error.kind] };
}

function undefinedIfUnread(error: unknown): undefined {
  if (error instanceof Unread || error instanceof RequestFailure) return undefined;
  throw error;
}

/** A Kubernetes Status, which only the API server sends. */
function statusIn(body: string): Record<string, unknown> | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const parsedBody: unknown = JSON.parse(body);
    return isRecord(parsedBody) && parsedBody['kind'] === 'Status' ? parsedBody : undefined;
  } catch (error) {
    // A body that only looks like JSON is nobody's Status.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
