import { join } from 'node:path';
import { readSnapshot } from '../../src/commands/snapshot-on-disk.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';

export const demoSnapshotFile = join(import.meta.dirname, '../../fixtures/demo/demo.snapshot.gz');

/** The snapshot of the recorded demo cluster. */
export function demoSnapshot(): Promise<Snapshot> {
  return readSnapshot(demoSnapshotFile);
}
