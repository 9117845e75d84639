/** `npm run cluster:up`: a real API server that stands until `npm run cluster:down`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startApiServer } from './api-server.ts';
import { encryptionKinds, type EncryptionKind } from './encryption.ts';
import { recordStandingCluster, standingCluster, standingClusterDir, type StandingCluster } from './standing-cluster.ts';

const usage = `Usage: npm run cluster:up [-- FLAGS]

  --controller-manager   run kube-controller-manager too: fills view, edit and admin, makes service accounts
  --encryption KIND      ${encryptionKinds.join(', ')} (default none)
`;

process.stdout.on('error', () => undefined); // whoever reads the pipe may leave early: `cluster:up | head -1`
await main();

async function main(): Promise<void> {
  const options = parse();
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${usage}`);
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
    const ground = await startApiServer({ ...options, dir: standingClusterDir });
    const cluster = recordStandingCluster(ground, process.argv.slice(2));
    await ground.detach();
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`The cluster is up at ${cluster.url}, after ${seconds} s.\n${describe(cluster)}`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function parse(): { readonly controllerManager: boolean; readonly encryption: EncryptionKind } | string {
  try {
    const { values } = parseArgs({
      options: {
        'controller-manager': { type: 'boolean', default: false },
        encryption: { type: 'string', default: 'none' },
      },
    });
    const encryption = encryptionKinds.find(kind => kind === values.encryption);
    if (encryption === undefined) return `There is no encryption kind "${values.encryption}".`;
    return { controllerManager: values['controller-manager'], encryption };
  } catch (error) {
    return (error as Error).message;
  }
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
