import type { ApiClient } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import type { PerResult, Read, Source } from '../evidence/source.ts';
import { gapOfError } from './gap-of.ts';
import { readGet } from './read-get.ts';

/** Tries for each replica that should exist. A load balancer picks at random: three leave one in twenty unseen of three. */
const TRIES_PER_REPLICA = 4;

/**
 * Asks every API server replica the same GET, by opening new connections until each has answered once. A replica that
 * exists and was not seen is a gap of its own.
 *
 * @param expected how many replicas hold a lease, or why that is not known
 */
export async function readReplicas(
  client: ApiClient,
  source: Source,
  read: Extract<Read, { how: 'get' }>,
  expected: number | Gap,
): Promise<PerResult<unknown>[]> {
  const key = source.replicaKey as ((value: unknown) => string) | undefined;
  if (key === undefined) throw new Error(`source ${source.id} is read per replica and has no replicaKey`);
  const seen = new Map<string, unknown>();
  const first = await readGet(client, source, read);
  seen.set(key(first), first);

  const wanted = typeof expected === 'number' ? Math.max(expected, 1) : 1;
  let lastGap: Gap | undefined;
  for (let tries = 1; seen.size < wanted && tries < wanted * TRIES_PER_REPLICA; tries += 1) {
    try {
      const value = await readGet(client, source, read, true);
      seen.set(key(value), value);
    } catch (error) {
      // One replica that does not answer must not lose what the others said.
      lastGap = gapOfError(source, error);
    }
  }

  const results: PerResult<unknown>[] = [...seen.entries()]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value], index) => ({ of: replicaName(index, wanted), value }));
  for (let index = results.length; index < wanted; index += 1) {
    results.push({ of: replicaName(index, wanted), gap: lastGap ?? notSeen(source, index, wanted) });
  }
  if (typeof expected !== 'number') results.push({ of: 'other API server replicas', gap: uncounted(source, expected) });
  return results;
}

function replicaName(index: number, of: number): string {
  return of === 1 ? 'API server' : `API server replica ${index + 1} of ${of}`;
}

function notSeen(source: Source, index: number, of: number): Gap {
  return {
    kind: 'gap',
    reason: 'notSeen',
    source: source.id,
    detail: `${of} API server replicas hold a lease and only ${index} answered; another try may reach the rest`,
  };
}

function uncounted(source: Source, why: Gap): Gap {
  return { ...why, source: source.id, detail: `how many API server replicas there are is not known: ${why.detail}` };
}
