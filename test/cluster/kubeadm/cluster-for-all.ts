import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startKubeadmCluster, type KubeadmCluster } from './cluster.ts';

/** Hands out the one cluster that all suites of a run share. */
export interface ClusterForAll {
  /** The port of 127.0.0.1 at which a suite asks for it (shared-cluster.ts). */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Waits, in the process that outlives every suite, for the first of them to ask, and starts the cluster then: a run that
 * needs none does not pay for one. It ends with this process, as every ground does.
 */
export async function offerCluster(): Promise<ClusterForAll> {
  let started: Promise<KubeadmCluster> | undefined;
  const server = createServer((_, response) => {
    started ??= startKubeadmCluster();
    started.then(
      cluster => response.end(path.join(cluster.dir, 'cluster.json')),
      (error: unknown) => response.writeHead(500).end((error as Error).message),
    );
  });
  server.requestTimeout = 0;
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      server.closeAllConnections();
      // A failed start has told whoever asked.
      await (await started?.catch(() => undefined))?.stop();
    },
  };
}
