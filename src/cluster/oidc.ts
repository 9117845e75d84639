import { once } from 'node:events';
import { Problem } from '../problem.ts';
import type { ConnectionFlags } from './api-client.ts';
import { resolveTarget } from './kubeconfig.ts';

/** kubectl renews a token that ends within this time. */
const LAST_MILLISECONDS = 10_000;

/** Whether an id-token is still taken by kubectl; undefined where it is none. */
export function isFreshIdToken(token: string, notAfter: string | undefined): boolean | undefined {
  if (token === '') return false;
  if (token.split('.').length !== 3) return undefined;
  // Without an `exp` kubectl takes it for one that ended long ago.
  return notAfter !== undefined && Date.parse(notAfter) - LAST_MILLISECONDS > Date.now();
}

/**
 * The id-token of the kubeconfig after kubectl has renewed it. kubectl does it with the refresh token and writes both
 * back, and many identity providers take a refresh token once only: a program that used it and wrote nothing back would
 * leave the person locked out, and this one does not write kubeconfigs. So kubectl is asked for the server's version.
 * @throws {Problem} where kubectl is not there
 */
export async function idTokenFromKubectl(flags: ConnectionFlags, env: NodeJS.ProcessEnv, signal: AbortSignal, place: string): Promise<string> {
  const { spawn } = await import('node:child_process');
  const named: readonly (readonly [string, string | undefined])[] = [
    ['kubeconfig', flags.kubeconfig], ['context', flags.context], ['cluster', flags.cluster], ['user', flags.user], ['server', flags.server],
    ['certificate-authority', flags.certificateAuthority], ['tls-server-name', flags.tlsServerName],
    ['insecure-skip-tls-verify', flags.insecureSkipTlsVerify === undefined ? undefined : String(flags.insecureSkipTlsVerify)],
  ];
  const args = named.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`--${name}=${value}`]));
  // kubectl tells its plugins where it is. What it says itself may quote what the identity provider answered.
  const command = env['KUBECTL_PATH'] ?? 'kubectl';
  const child = spawn(command, [...args, '--request-timeout=30s', 'get', '--raw', '/version'], { env, stdio: 'ignore', signal });
  try {
    await once(child, 'exit');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ABORT_ERR') throw new Problem(`kubectl was interrupted while it renewed the id-token of ${place}`);
    throw new Problem(`the id-token of ${place} has expired and ${command}, which could renew it, cannot be started (${code}); put kubectl on PATH, or give --token`);
  }
  // Whether it could log in shows in the file: a 403 is a good login, too.
  const { auth } = await resolveTarget(flags, env);
  return auth.authProvider?.config.get('id-token') ?? '';
}
