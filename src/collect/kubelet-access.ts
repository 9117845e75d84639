import type { Answer } from '../cluster/api-client.ts';
import type { NodeAnswer, Read } from '../evidence/source.ts';

export type NodeRead = Extract<Read, { how: 'node' }>;

/** How kubelets are reached: through the API server, or at their own addresses, with or without a look at their certificates. */
export type KubeletAccess = { readonly way: 'proxy' } | { readonly way: 'direct'; readonly takeAsTheyAre: boolean };

/** Asks one kubelet once. @throws {Unread} with the gap, {RequestFailure} */
export type AskKubelet = (name: string, timeoutMilliseconds: number) => Promise<NodeAnswer>;

/** An answer as evidence takes it, with the kubelet's own time. */
export function nodeAnswer(answer: Answer, way: NodeAnswer['way']): NodeAnswer {
  const date = Date.parse(answer.headers['date'] ?? '');
  return { body: answer.body, way, ...(Number.isNaN(date) ? {} : { date: new Date(date).toISOString() }) };
}
