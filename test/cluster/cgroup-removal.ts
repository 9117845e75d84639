import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';

const patience = 15_000; // ms

/**
 * Removes a control group with all below it. A group is busy until the last of its processes is gone, and killed ones
 * take a moment, so this tries for 15 s.
 *
 * @throws if it is still busy then.
 */
export function removeCgroup(folder: string): void {
  const deadline = Date.now() + patience;
  while (existsSync(folder)) {
    try {
      removeTree(folder);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

/** Folders alone: the files in them are the kernel's and cannot be removed. */
function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(path.join(folder, entry.name));
  }
  rmdirSync(folder);
}
