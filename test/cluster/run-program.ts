import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Runs a program to its end, with `env` on top of this process's environment; a failure is its exit code.
 * Rejects only if it cannot be started.
 */
export function runProgram(
  program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, input = '',
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { stdout += chunk; });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => { stderr += chunk; });
    child.on('error', reject);
    child.on('close', code => resolve({ stdout, stderr, code: code ?? 128 }));
    child.stdin.on('error', () => undefined); // it need not read its input
    child.stdin.end(input);
  });
}
