import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { Problem } from '../problem.ts';

/**
 * Writes a file whole or not at all, readable by its owner only: to a neighbour first, then renamed.
 * @throws {Problem} where that is not possible; nothing half-written is left
 */
export async function writeFileWhole(file: string, content: string | Uint8Array): Promise<void> {
  const neighbour = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(neighbour, 'wx', 0o600);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(neighbour, file);
  } catch (error) {
    await rm(neighbour, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? 'an unknown error';
    throw new Problem(`cannot write ${file} (${code}); check that its directory exists and may be written`, { cause: error });
  }
}
