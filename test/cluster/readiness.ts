import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CertificateAndKey } from './pki.ts';
import type { SupervisedProcess } from './supervised.ts';

const patience = 60_000; // ms

/** Asks until the answer is yes; throws as soon as the program has ended, or after a minute. */
export async function until(program: SupervisedProcess, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    const ready = await isSo().catch(() => false);
    const exit = program.exit(); // even if something answers: it may be another's
    if (exit !== undefined) {
      throw new Error(`${program.name} ended (${exit.signal ?? `exit code ${exit.code}`}) before it ${what}; its last words:\n${lastWords(program.log)}`);
    }
    if (ready) return;
    if (Date.now() > deadline) {
      await program.kill();
      throw new Error(`${program.name} was killed because a minute passed before it ${what}; its last words:\n${lastWords(program.log)}`);
    }
    await sleep(25);
  }
}

/** The end of a log. */
export function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-8).join('\n');
}

/** Asks a local API server. Its certificate is not verified: it may be an expired one, on purpose, and nothing leaves this machine. */
export function get(port: number, path: string, { certificate, key }: CertificateAndKey): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, cert: certificate, key, rejectUnauthorized: false, timeout: 5000 }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => { body += chunk; });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`No answer from port ${port} in 5 s.`)));
    asked.on('error', reject);
    asked.end();
  });
}

/** Whether somebody listens there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  });
}
