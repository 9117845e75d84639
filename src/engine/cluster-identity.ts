import { createHash } from 'node:crypto';
import { sourcesOf } from '../evidence/need.ts';
import { evidenceOf, type Snapshot } from '../evidence/snapshot.ts';
import type { Source } from '../evidence/source.ts';
import { kubeSystemNamespace, serverVersion } from '../evidence/sources/versions.ts';
import { platform } from '../indexes/platform.ts';
import type { Evaluator } from './evaluate.ts';
import type { ReportCluster } from './report-model.ts';

/** Which cluster this is, as well as it can be told. */
export function clusterOf(snapshot: Snapshot, evaluator: Evaluator, wanted: readonly Source[]): ReportCluster {
  const { connection } = snapshot;
  const version = evidenceOf(snapshot, serverVersion);
  // Without its evidence the platform would read "not recognised", which is another thing than "not looked at".
  const looked = [...sourcesOf({ platform })].every(source => wanted.includes(source));
  const recognised = looked ? evaluator.resolve(platform) : undefined;
  return {
    ...identityOf(snapshot),
    server: connection.server,
    ...(connection.context === undefined ? {} : { context: connection.context }),
    ...('value' in version ? { version: (version.value as NonNullable<typeof serverVersion.evidence>).gitVersion } : {}),
    ...(recognised !== undefined && 'value' in recognised ? { platform: recognised.value } : {}),
  };
}

/** The id that fingerprints carry: the given name, else the uid of kube-system, else a hash of what the connection trusts. */
function identityOf(snapshot: Snapshot): Pick<ReportCluster, 'id' | 'idFrom'> {
  if (snapshot.clusterId !== undefined) return { id: snapshot.clusterId, idFrom: 'flag' };
  const namespace = evidenceOf(snapshot, kubeSystemNamespace);
  if ('value' in namespace) return { id: (namespace.value as NonNullable<typeof kubeSystemNamespace.evidence>).uid, idFrom: 'kube-system' };
  const { caKeyHash, server } = snapshot.connection;
  if (caKeyHash !== undefined) return { id: caKeyHash, idFrom: 'ca' };
  return { id: createHash('sha256').update(server).digest('hex'), idFrom: 'server' };
}
