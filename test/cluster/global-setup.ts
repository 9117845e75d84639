import type { TestProject } from 'vitest/node';
import { controlPlaneBinaries } from './binaries.ts';
import { offerCluster } from './kubeadm/cluster-for-all.ts';

/**
 * Builds the programs before any suite runs, so that no suite's timeout has to leave ten minutes for it, and offers the
 * suites one kubeadm cluster for all.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await controlPlaneBinaries();
  const cluster = await offerCluster();
  project.provide('kubeadmPort', cluster.port);
  return () => cluster.stop();
}
