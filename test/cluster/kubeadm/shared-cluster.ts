import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { beforeAll, beforeEach, inject } from 'vitest';
import { openKubeadmCluster, type KubeadmClusterDescription, type OpenedCluster } from './opened-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the run's shared cluster is to be had (cluster-for-all.ts). */
    readonly kubeadmPort: number;
  }
}

/** Enough to build all of it on two cores, and to start it. */
const patience = 30 * 60_000; // ms

/**
 * Gives the suite that calls it the cluster that all suites of a run share: a control-plane node, and a worker whose
 * kubelet answers anybody. Make objects in a namespace of your own, and leave nodes and kube-system as they are.
 * Where no such cluster can be, the tests of the suite are skipped with the reason.
 *
 * `SECAUDIT_KUBEADM_CLUSTER` names the `cluster.json` of one that stands already (`npm run cluster:up -- kubeadm`).
 */
export function useKubeadmCluster(): () => OpenedCluster {
  const reason = whyNoKubeadmCluster();
  let opened: OpenedCluster | undefined;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const standing = process.env['SECAUDIT_KUBEADM_CLUSTER'];
    const file = standing === undefined || standing === '' ? await askForCluster(inject('kubeadmPort')) : standing;
    opened = openKubeadmCluster(JSON.parse(readFileSync(file, 'utf8')) as KubeadmClusterDescription);
  }, patience);
  beforeEach(({ skip }) => skip(reason !== undefined, reason));
  return () => {
    if (opened === undefined) throw new Error('The shared cluster is there from beforeAll on; ask for it in a hook or a test.');
    return opened;
  };
}

/** @returns the path of its cluster.json. */
function askForCluster(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; });
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
    });
    asked.on('error', reject);
    asked.end();
  });
}
