import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where every pod finds its service account. */
export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What a pod knows of the API server of its own cluster. */
export interface InCluster {
  readonly server: string;
  readonly tokenFile: string;
  /** Absent where the file is: then the system's authorities decide, as in client-go. */
  readonly caFile?: string;
  readonly namespace: string;
}

/** The API server as seen from a pod, or undefined outside of one: client-go's three conditions. */
export async function findInCluster(env: NodeJS.ProcessEnv, directory: string): Promise<InCluster | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (host === undefined || host === '' || port === undefined || port === '') return undefined;
  const tokenFile = join(directory, 'token');
  if (!(await isFile(tokenFile))) return undefined;
  const caFile = join(directory, 'ca.crt');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tokenFile,
    ...((await isFile(caFile)) ? { caFile } : {}),
    namespace: await namespaceOf(env, directory),
  };
}

async function namespaceOf(env: NodeJS.ProcessEnv, directory: string): Promise<string> {
  if (env.POD_NAMESPACE !== undefined && env.POD_NAMESPACE !== '') return env.POD_NAMESPACE;
  const file = join(directory, 'namespace');
  const mounted = (await isFile(file)) ? (await readFile(file, 'utf8')).trim() : '';
  return mounted === '' ? 'default' : mounted;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch (error) {
    // Not there and not to be seen are the same here: this is no pod with a service account.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
