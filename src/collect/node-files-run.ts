import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestFailure, type Answer, type ApiClient } from '../cluster/api-client.ts';
import { NODE_FILES_DEADLINE_SECONDS, NODE_FILES_LABEL, NODE_FILES_NAME, podsPath, type NodeFilesPod } from '../cluster/node-files-pod.ts';
import { statusMessage } from './gap-of.ts';
import { isRecord } from './read-list.ts';

/** How long is waited, in milliseconds. */
export interface PodPatience {
  /** From its creation to its start: what lies on the node takes two or three seconds. */
  readonly start: number;
  /** The same where the image may have to be pulled. */
  readonly pull: number;
  readonly run: number;
  /** Between two looks at it. */
  readonly pause: number;
  /** Before it is tried again to delete it. */
  readonly again: number;
}

export const PATIENCE: PodPatience = { start: 25_000, pull: 60_000, run: 45_000, pause: 400, again: 1000 };
const LOG_BYTES = 8 * 1024 * 1024;
const BEYOND = { timeoutMilliseconds: 20_000 };

/** How a pod ended: with its output, or why without. */
export type PodEnd =
  | { readonly log: string }
  /** The server would not have it; nothing was created. */
  | { readonly refused: string }
  /** This image cannot be used; another may be. */
  | { readonly unusable: string }
  /** It did not start in time: a directory is missing, most likely, or the node does nothing. */
  | { readonly stuck: string }
  | { readonly failed: string };

/** Says a sentence to the person while the run goes on. */
export type Warn = (sentence: string) => void;

/** Asks the server whether it would take the pod, creates it, waits for its end, takes its output, and deletes it in any case. */
export async function runNodeFilesPod(client: ApiClient, wanted: Omit<NodeFilesPod, 'name'>, warn: Warn, patience: PodPatience): Promise<PodEnd> {
  const pod = { ...wanted, name: `secaudit-node-files-${randomName()}` };
  const answer = await client.createNodeFilesPod(pod, { dryRun: true });
  const refused = answer.status === 201 || answer.status === 200 ? changedIn(answer.body, pod) : `the API server refuses the pod: ${statusMessage(answer.body) ?? `it answered ${answer.status}`}`;
  if (refused !== undefined) return { refused };
  let uid: string | undefined;
  try {
    const created = await client.createNodeFilesPod(pod, { dryRun: false });
    if (created.status !== 201 && created.status !== 200) return { refused: `the API server refuses the pod: ${statusMessage(created.body) ?? `it answered ${created.status}`}` };
    uid = uidIn(created.body);
    return await outputOf(client, pod, patience);
  } finally {
    // Whatever happened: a create without an answer may have come through as well.
    await remove(client, { namespace: pod.namespace, name: pod.name, ...(uid === undefined ? {} : { uid }) }, warn, patience);
  }
}

function randomName(): string {
  return [...randomBytes(10)].map(byte => 'abcdefghijklmnopqrstuvwxyz0123456789'[byte % 36]).join('');
}

/** What an admission controller would make of the pod that must not be; undefined where it stays what it is. */
function changedIn(body: string, pod: NodeFilesPod): string | undefined {
  const spec = specIn(body);
  const [container, ...more] = listIn(spec['containers']);
  if (container === undefined || more.length > 0 || listIn(spec['initContainers']).length > 0) return 'an admission webhook adds containers to the pod; choose another namespace with --node-files-namespace';
  if (!pod.mayPull && container['imagePullPolicy'] !== 'Never') return 'the API server makes every pod pull its image (AlwaysPullImages), and pulling needs --node-files-image';
  const mounts = listIn(container['volumeMounts']).filter(({ name }) => typeof name === 'string' && name.startsWith('node-'));
  if (mounts.length !== pod.directories.length || !mounts.every(({ readOnly }) => readOnly === true)) return 'an admission webhook changes the mounts of the pod';
  return undefined;
}

/** Waits for the end of the pod. */
async function outputOf(client: ApiClient, pod: NodeFilesPod, patience: PodPatience): Promise<PodEnd> {
  const start = pod.mayPull ? patience.pull : patience.start;
  const begun = performance.now();
  let started: number | undefined;
  for (;;) {
    const answer = await client.get(podsPath(pod.namespace, pod.name));
    if (answer.status !== 200) return { failed: answer.status === 404 ? 'the pod was deleted by somebody else while it ran' : `the pod cannot be looked at (${statusMessage(answer.body) ?? answer.status})` };
    const state = stateIn(answer.body);
    if (state.phase === 'Succeeded') return await logOf(client, pod);
    if (state.unusable !== undefined) return { unusable: state.unusable };
    if (state.phase === 'Failed') return { failed: `the pod failed (${state.because ?? 'without a reason'})` };
    if (state.phase === 'Running') started ??= performance.now();
    const now = performance.now();
    if (started === undefined && now - begun > start) return { stuck: `the pod did not start within ${start / 1000} s` };
    if (started !== undefined && now - started > patience.run) return { failed: `the pod did not end within ${patience.run / 1000} s` };
    await sleep(patience.pause);
  }
}

async function logOf(client: ApiClient, pod: NodeFilesPod): Promise<PodEnd> {
  const answer = await client.get(`${podsPath(pod.namespace, pod.name)}/log?container=read&limitBytes=${LOG_BYTES}`, { accept: '*/*', beyond: BEYOND });
  return answer.status === 200 ? { log: answer.body } : { failed: `the log of the pod cannot be read (${statusMessage(answer.body) ?? answer.status})` };
}

/** Deletes a pod for good, trying again where the connection fails; says how to do it by hand where it cannot be done. */
async function remove(client: ApiClient, pod: { readonly namespace: string; readonly name: string; readonly uid?: string }, warn: Warn, patience: PodPatience): Promise<boolean> {
  let said = '';
  for (let tries = 0; tries < 3; tries += 1) {
    if (tries > 0) await sleep(patience.again);
    try {
      const { status, body } = await client.deleteNodeFilesPod(pod);
      // A create that was not answered may still be under way, so that not found is no end.
      if (status === 200 || status === 202 || (status === 404 && pod.uid !== undefined) || (status === 404 && tries > 0)) return true;
      said = statusMessage(body) ?? String(status);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      said = error.message;
    }
  }
  warn(`the pod ${pod.name} could not be deleted (${said}); delete it with: kubectl delete pods -n ${pod.namespace} -- ${pod.name} (it ends by itself within ${NODE_FILES_DEADLINE_SECONDS} s)`);
  return false;
}

/** Deletes what earlier runs left: pods with our label and our kind of name that have ended, or should have long ago. */
export async function sweepNodeFilesPods(client: ApiClient, namespace: string, warn: Warn, patience: PodPatience): Promise<void> {
  const answer = await client.get(`${podsPath(namespace)}?labelSelector=${encodeURIComponent(`${NODE_FILES_LABEL}=true`)}&limit=500`);
  if (answer.status !== 200) return;
  const now = Date.parse(answer.headers['date'] ?? '');
  const items = listIn(recordIn(answer.body)['items']);
  for (const item of items) {
    const { name, uid, creationTimestamp } = isRecord(item['metadata']) ? item['metadata'] : {};
    if (typeof name !== 'string' || typeof uid !== 'string' || !NODE_FILES_NAME.test(name)) continue;
    const phase = isRecord(item['status']) ? item['status']['phase'] : undefined;
    const age = now - Date.parse(String(creationTimestamp));
    // Another run may be at work right now.
    if (phase !== 'Succeeded' && phase !== 'Failed' && !(age > NODE_FILES_DEADLINE_SECONDS * 1000)) continue;
    if (await remove(client, { namespace, name, uid }, warn, patience)) warn(`deleted the pod ${name}, which an earlier run left in namespace ${namespace}`);
  }
}

const UNUSABLE: ReadonlySet<string> = new Set(['ErrImageNeverPull', 'ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ImageInspectError', 'CreateContainerError', 'CreateContainerConfigError', 'RunContainerError', 'StartError', 'ContainerCannotRun']);

/** What a pod says of itself. */
function stateIn(body: string): { readonly phase: string; readonly because?: string; readonly unusable?: string } {
  const status = recordIn(body)['status'];
  if (!isRecord(status)) return { phase: 'Unknown' };
  const phase = typeof status['phase'] === 'string' ? status['phase'] : 'Unknown';
  const [container] = listIn(status['containerStatuses']);
  const state = isRecord(container?.['state']) ? container['state'] : {};
  const waiting = isRecord(state['waiting']) ? state['waiting']['reason'] : undefined;
  const ended = isRecord(state['terminated']) ? state['terminated'] : undefined;
  const reason = ended?.['reason'] ?? waiting;
  // 126 and 127 are what a runtime or shell says of a program that it cannot find or start.
  if ((typeof reason === 'string' && UNUSABLE.has(reason)) || ended?.['exitCode'] === 126 || ended?.['exitCode'] === 127) {
    return { phase, unusable: wordsIn(reason) ?? 'its shell cannot be started' };
  }
  const because = wordsIn(status['reason']) ?? wordsIn(reason);
  return { phase, ...(because === undefined ? {} : { because }) };
}

function wordsIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{1,60}$/.test(value) ? value : undefined;
}

function uidIn(body: string): string | undefined {
  const { metadata } = recordIn(body);
  return isRecord(metadata) && typeof metadata['uid'] === 'string' ? metadata['uid'] : undefined;
}

function specIn(body: string): Record<string, unknown> {
  const { spec } = recordIn(body);
  return isRecord(spec) ? spec : {};
}

function listIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function recordIn(body: Answer['body']): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : {};
  } catch (error) {
    // What is no JSON says nothing about a pod.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
