import { once } from 'node:events';
import { Problem } from '../problem.ts';
import type { ExecEntry } from './kubeconfig-file.ts';

/** What a credential plugin answered. Secret: it is never part of a message. */
export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: { readonly certificate: string; readonly key: string };
  /** After this instant the plugin is asked again. */
  readonly expires?: Date;
}

/** `spec.cluster` of an ExecCredential: what a plugin with `provideClusterInfo` is told. */
export interface ExecCluster {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
  readonly 'disable-compression'?: boolean;
  readonly config?: unknown;
}

export interface ExecOptions {
  /** Whose credential it is, for messages: `user "x" of FILE`. */
  readonly place: string;
  readonly cluster: ExecCluster;
  readonly env: NodeJS.ProcessEnv;
  /** Whether a person can answer a question on standard input. */
  readonly isTerminal: boolean;
  readonly signal: AbortSignal;
}

/** The versions of the protocol that kubectl still speaks; v1alpha1 went with 1.24. */
const API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** No plugin's answer is this long; a runaway one must not fill the memory. */
const LONGEST_ANSWER = 1024 * 1024;

/** How long an interrupted plugin may take to clean up after itself. */
const LAST_MILLISECONDS = 1_000;

/**
 * Runs a client-go credential plugin. Its standard error, and its standard input where a person is there to answer,
 * are this program's own, so that prompts and device codes are seen. There is no time limit: a person may be logging in.
 * @throws {Problem} it cannot be started, fails, or answers something else than a credential
 */
export async function runExecPlugin(exec: ExecEntry, options: ExecOptions): Promise<ExecCredential> {
  const { place } = options;
  if (!API_VERSIONS.includes(exec.apiVersion)) {
    throw new Problem(`the exec plugin of ${place} speaks ${exec.apiVersion}, which kubectl no longer does; update the plugin and the kubeconfig to client.authentication.k8s.io/v1`);
  }
  if (exec.interactiveMode === 'Always' && !options.isTerminal) {
    throw new Problem(`the exec plugin of ${place} has to ask a question (interactiveMode Always) and standard input is no terminal; run this in a terminal or give --token`);
  }
  const interactive = exec.interactiveMode !== 'Never' && options.isTerminal;
  const info = {
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive, ...(exec.provideClusterInfo ? { cluster: options.cluster } : {}) },
  };
  const env = { ...options.env, ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])), KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  return credentialOf(await outputOf(exec, env, interactive, options), exec, place);
}

async function outputOf(exec: ExecEntry, env: NodeJS.ProcessEnv, interactive: boolean, options: ExecOptions): Promise<string> {
  const { spawn } = await import('node:child_process');
  const child = spawn(exec.command, exec.args, { env, stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'], signal: options.signal });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > LONGEST_ANSWER) child.kill();
    else chunks.push(chunk);
  });
  const interrupt = (): void => {
    // One that does not listen must not keep this program waiting, nor stay behind.
    child.stdout.destroy();
    const killing = setTimeout(() => child.kill('SIGKILL'), LAST_MILLISECONDS);
    child.once('exit', () => clearTimeout(killing));
  };
  options.signal.addEventListener('abort', interrupt, { once: true });
  const which = `the exec plugin ${JSON.stringify(exec.command)} of ${options.place}`;
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (length > LONGEST_ANSWER) throw new Problem(`${which} answered more than a mebibyte; check its arguments in the kubeconfig`);
    if (code !== 0) {
      throw new Problem(`${which} ended with ${code === null ? `signal ${killedBy ?? 'unknown'}` : `exit code ${code}`}; its own message is above; log in again with the plugin's own command, or give --token`);
    }
  } catch (error) {
    throw error instanceof Problem ? error : notStarted(error, which, exec.installHint);
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    // It has been sent its signal; whoever interrupted waits for its end, or it would stay behind.
    if (options.signal.aborted && child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** No cause: Node's error carries the plugin's arguments, and some plugins are given a client secret there. */
function notStarted(error: unknown, which: string, installHint: string): Problem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ABORT_ERR') return new Problem(`${which} was interrupted`);
  const hint = installHint === '' ? 'install it, or correct the command in the kubeconfig' : installHint.trim();
  const what = code === 'ENOENT' ? 'was not found' : `could not be started (${code === 'EACCES' ? 'permission denied' : String(code)})`;
  return new Problem(`${which} ${what}; ${hint}`);
}

/** Reads the answer. No part of it is quoted: all of it may be secret. */
function credentialOf(output: string, exec: ExecEntry, place: string): ExecCredential {
  const wrong = (what: string): Problem =>
    new Problem(`the exec plugin ${JSON.stringify(exec.command)} of ${place} ${what}; update the plugin or correct its arguments in the kubeconfig`);
  const answer = recordOf(parsed(output, wrong));
  if (answer?.kind !== 'ExecCredential') throw wrong('answered something that is no ExecCredential');
  if (answer.apiVersion !== exec.apiVersion) throw wrong(`answered in another version than ${exec.apiVersion}`);
  const status = recordOf(answer.status);
  if (status === undefined) throw wrong('answered no status');
  const field = (name: string): string => {
    const value = status[name] ?? '';
    if (typeof value !== 'string') throw wrong(`answered a status.${name} that is no text`);
    return value;
  };
  const token = field('token');
  const certificate = field('clientCertificateData');
  const key = field('clientKeyData');
  if ((certificate === '') !== (key === '')) throw wrong('answered a certificate without its key, or a key without its certificate');
  if (token === '' && certificate === '') throw wrong('answered neither a token nor a certificate');
  const timestamp = field('expirationTimestamp');
  const expires = timestamp === '' ? undefined : new Date(timestamp);
  if (expires !== undefined && Number.isNaN(expires.getTime())) throw wrong('answered an expirationTimestamp that is no time');
  return {
    ...(token === '' ? {} : { token }),
    ...(certificate === '' ? {} : { certificate: { certificate, key } }),
    ...(expires === undefined ? {} : { expires }),
  };
}

function parsed(output: string, wrong: (what: string) => Problem): unknown {
  try {
    return JSON.parse(output);
  } catch (error) {
    // No cause: a JSON error quotes the text that it could not read.
    if (error instanceof SyntaxError) throw wrong(output.trim() === '' ? 'answered nothing' : 'answered something that is no JSON');
    throw error;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}
