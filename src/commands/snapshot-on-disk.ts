import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip, constants } from 'node:zlib';
import type { Snapshot } from '../evidence/snapshot.ts';
import { parseSnapshotLines, snapshotLines } from '../evidence/snapshot-file.ts';
import { Problem } from '../problem.ts';

/** A snapshot as the bytes of its file. */
export function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  return promisify(gzip)(`${[...snapshotLines(snapshot)].join('\n')}\n`);
}

/**
 * Reads a snapshot file. What a cut-off file no longer holds is a gap of the snapshot.
 * @throws {Problem} where the file cannot be read or is no snapshot
 */
export async function readSnapshot(file: string): Promise<Snapshot> {
  let packed: Uint8Array;
  try {
    packed = await readFile(file);
  } catch (error) {
    throw new Problem(`cannot read the snapshot ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`, { cause: error });
  }
  let text: string;
  try {
    // A file that was cut off gives what it has; the missing trailer then says that it is not whole.
    text = (await promisify(gunzip)(packed, { finishFlush: constants.Z_SYNC_FLUSH })).toString('utf8');
  } catch (error) {
    throw new Problem(`${file} is no snapshot: it is not gzip; write one with "kubectl secaudit snapshot FILE"`, { cause: error });
  }
  return parseSnapshotLines(text.split('\n'));
}
