import type { Gap } from './gap.ts';
import type { Source } from './source.ts';

/** What reading one source took. */
export interface Cost {
  readonly requests: number;
  /** Bytes on the wire, as sent (compressed where the server compressed). */
  readonly bytes: number;
  readonly seconds: number;
}

/** One source as it was read, or why it was not. */
export type Collected = { readonly projectionVersion: number; readonly readAt: string; readonly cost: Cost } & (
  | { readonly value: unknown }
  | { readonly gap: Gap }
);

/** How the person was connected, without anything secret. */
export interface Connection {
  /** The API server's URL without user information, as configured. */
  readonly server: string;
  /** The kubeconfig's context; absent with `--server` alone or in a cluster. */
  readonly context?: string;
  /** SHA-256 (hex) over the public keys of the configured CA; absent where the system's own CAs are trusted. */
  readonly caKeyHash?: string;
  /** `--as`, where given. */
  readonly impersonating?: string;
}

/** Everything an audit knows about a cluster: plain, frozen data. */
export interface Snapshot {
  readonly tool: string;
  readonly connection: Connection;
  /** The API server's own time at the first answer, RFC 3339, UTC. */
  readonly collectedAt: string;
  /** How far this machine's clock was ahead of the API server's, in seconds. */
  readonly clockSkewSeconds: number;
  /** Set where no answer carried a Date and `collectedAt` is this machine's own time. */
  readonly collectedAtFrom?: 'thisMachine';
  /** Why the API server does not let the person in, in a sentence: then only what it shows to anybody was read. */
  readonly loginRefused?: string;
  readonly durationSeconds: number;
  /** The logical name given with `--cluster-id`. */
  readonly clusterId?: string;
  readonly scope: { readonly namespace?: string };
  readonly sources: Readonly<Record<string, Collected>>;
}

/** The evidence of one source, or the gap: also for snapshots that do not have it or have it in another projection. */
export function evidenceOf(snapshot: Snapshot, source: Source): { readonly value: unknown } | { readonly gap: Gap } {
  const collected = Object.hasOwn(snapshot.sources, source.id) ? snapshot.sources[source.id] : undefined;
  if (collected === undefined && source.optIn !== undefined) {
    // Whoever wrote the snapshot did not know the flag, or was not given it.
    return { gap: { kind: 'notRequested', reason: 'flagNotGiven', source: source.id, detail: source.optIn.detail, flag: source.optIn.flag } };
  }
  if (collected === undefined) {
    return { gap: tooOld(source, 'notInSnapshot', `the snapshot holds no ${source.title}`) };
  }
  if (collected.projectionVersion !== source.projectionVersion) {
    return {
      gap: tooOld(
        source,
        'projectionChanged',
        `the snapshot holds ${source.title} as projection ${collected.projectionVersion}, this program judges projection ${source.projectionVersion}`,
      ),
    };
  }
  return 'gap' in collected ? { gap: { source: source.id, ...collected.gap } } : { value: collected.value };
}

function tooOld(source: Source, reason: 'notInSnapshot' | 'projectionChanged', detail: string): Gap {
  return { kind: 'snapshotTooOld', reason, detail, source: source.id };
}

/** Freezes plain data all the way down, so that a check that edits its evidence throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
