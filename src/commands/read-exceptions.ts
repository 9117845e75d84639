import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { CHECKS } from '../checks/registry.ts';
import { parseExceptions, type Exception } from '../engine/exceptions.ts';
import { Problem } from '../problem.ts';

/** @throws {Problem} where the file cannot be read, is not YAML, or says something that has no meaning */
export async function readExceptions(file: string): Promise<readonly Exception[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(`cannot read the exceptions file ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`, { exitCode: 2, cause: error });
  }
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    const where = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new Problem(`the exceptions file ${file} is not YAML: ${where}`, { exitCode: 2, cause: error });
  }
  return parseExceptions(data, file, CHECKS);
}
