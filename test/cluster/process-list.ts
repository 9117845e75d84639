import { execFileSync } from 'node:child_process';

/** The lines of `ps` (process id, arguments) that mention a text, such as a ground's directory. */
export function processesMentioning(text: string): string[] {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return all.split('\n').filter(line => line.includes(text));
}
