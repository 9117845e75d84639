import { controlPlaneBinaries } from './binaries.ts';

/** Builds the programs before any suite runs, so that no suite's timeout has to leave ten minutes for it. */
export default async function setup(): Promise<void> {
  await controlPlaneBinaries();
}
