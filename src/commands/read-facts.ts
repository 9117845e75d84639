import { readFile } from 'node:fs/promises';
import { parseAccessFacts, type AccessFacts } from '../evidence/access-facts.ts';
import { Problem } from '../problem.ts';

/** The file of --facts. @throws {Problem} where it cannot be read or is no answer of `aws eks` */
export async function readFacts(file: string): Promise<AccessFacts> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(`cannot read the facts ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`, { exitCode: 2, cause: error });
  }
  try {
    return parseAccessFacts(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : error instanceof Error ? error.message : '';
    throw new Problem(`the facts ${file} cannot be used: ${why}; they are what aws eks list-access-entries, describe-access-entry and list-associated-access-policies print`, { exitCode: 2, cause: error });
  }
}
