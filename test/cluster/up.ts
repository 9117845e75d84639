/** `npm run cluster:up`: a real API server, or a whole kubeadm cluster, that stands until `npm run cluster:down`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { startApiServer, type GroundOptions } from './api-server.ts';
import { encryptionKinds } from './encryption.ts';
import { openKubelet, startKubeadmCluster, type KubeadmOptions } from './kubeadm/cluster.ts';
import { recordStandingCluster, standingCluster, standingClusterDir, type StandingCluster } from './standing-cluster.ts';

const usage = `Usage: npm run cluster:up [-- FLAGS]

  --controller-manager   run kube-controller-manager too: fills view, edit and admin, makes service accounts
  --encryption KIND      ${encryptionKinds.join(', ')} (default none)

Usage: npm run cluster:up -- kubeadm [FLAGS]

  A cluster with nodes by kubeadm; needs Linux and root, and installs Debian packages that are missing.

  --control-planes NUMBER
                         1 to 3 (default 1); with several a balancer stands in front of their API servers
  --workers NUMBER       0 to 9 (default 1); each answers anybody and has its read-only port open
  --server-tls-bootstrap the kubelets' serving certificates come from the cluster's authority
`;

/** What was asked for, or the words of a usage error. */
type Asked = { readonly apiServer: GroundOptions } | { readonly kubeadm: KubeadmOptions } | string;

process.stdout.on('error', () => undefined); // whoever reads the pipe may leave early: `cluster:up | head -1`
await main();

async function main(): Promise<void> {
  const asked = parse();
  if (typeof asked === 'string') {
    process.stderr.write(`${asked}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const standing = standingCluster();
  if (standing === 'starting') {
    process.stderr.write('A cluster is being started or ended right now; try again in a few seconds.\n');
    process.exitCode = 1;
    return;
  }
  if (standing !== 'none') {
    const flags = standing.flags.length > 0 ? ` (started with ${standing.flags.join(' ')})` : '';
    process.stdout.write(`A cluster is already up at ${standing.url}${flags}.\n${describe(standing)}`);
    return;
  }
  try {
    const began = performance.now();
    const cluster = await start(asked);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`The cluster is up at ${cluster.url}, after ${seconds} s.\n${describe(cluster)}`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function start(asked: Exclude<Asked, string>): Promise<StandingCluster> {
  const started = 'kubeadm' in asked
    ? await startKubeadmCluster({ ...asked.kubeadm, dir: standingClusterDir })
    : await startApiServer({ ...asked.apiServer, dir: standingClusterDir });
  const { url, kubeconfig } = started;
  const kubectl = 'programs' in started ? started.programs.kubectl : started.binaries.kubectl;
  const cluster: StandingCluster = { url, kubeconfig, kubectl, flags: process.argv.slice(2) };
  recordStandingCluster(cluster);
  await started.detach();
  return cluster;
}

function parse(): Asked {
  const [kind, ...rest] = process.argv.slice(2);
  try {
    return kind === 'kubeadm' ? parseKubeadm(rest) : parseApiServer();
  } catch (error) {
    return (error as Error).message;
  }
}

function parseApiServer(): Asked {
  const { values } = parseArgs({
    options: {
      'controller-manager': { type: 'boolean', default: false },
      encryption: { type: 'string', default: 'none' },
    } satisfies ParseArgsOptionsConfig,
  });
  const encryption = encryptionKinds.find(kind => kind === values.encryption);
  if (encryption === undefined) return `There is no encryption kind "${values.encryption}".`;
  return { apiServer: { controllerManager: values['controller-manager'], encryption } };
}

function parseKubeadm(args: string[]): Asked {
  const { values } = parseArgs({
    args,
    options: {
      'control-planes': { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      'server-tls-bootstrap': { type: 'boolean', default: false },
    } satisfies ParseArgsOptionsConfig,
  });
  if (!/^\d$/.test(values.workers)) return `--workers takes a number from 0 to 9, not "${values.workers}".`;
  if (!/^[123]$/.test(values['control-planes'])) return `--control-planes takes a number from 1 to 3, not "${values['control-planes']}".`;
  return {
    kubeadm: {
      controlPlanes: Number(values['control-planes']),
      workers: Array.from({ length: Number(values.workers) }, () => openKubelet),
      kubelet: { serverTLSBootstrap: values['server-tls-bootstrap'] },
    },
  };
}

function describe({ kubeconfig, kubectl }: StandingCluster): string {
  const isOnPath = (process.env['PATH'] ?? '').split(path.delimiter).some(dir => existsSync(path.join(dir, 'kubectl')));
  const commands = [
    ...(isOnPath ? [] : [`export PATH=${quoted(path.dirname(kubectl))}:$PATH`]),
    `export KUBECONFIG=${quoted(kubeconfig.admin)}`,
    'kubectl get ns',
    'kubectl secaudit',
  ];
  return `
  admin's kubeconfig   ${kubeconfig.admin}
  system:masters'      ${kubeconfig.superAdmin}
  kubectl              ${kubectl}

Type:

${commands.map(command => `  ${command}\n`).join('')}
End it with: npm run cluster:down
`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
