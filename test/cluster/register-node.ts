import type { Ground } from './api-server.ts';

/** What a kubelet reports of itself; the rest is the same on every node made here. */
export interface NodeReport {
  readonly name: string;
  readonly kubeletVersion: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly providerID?: string;
}

/** Makes a Node in a real API server, as a kubelet does: the object first, what it reports through the status after. */
export async function registerNode(ground: Ground, report: NodeReport): Promise<void> {
  const { name, labels = {}, annotations = {}, providerID } = report;
  const spec = providerID === undefined ? {} : { providerID };
  const object = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels, annotations }, spec };
  await run(ground, ['create', '-f', '-'], JSON.stringify(object));
  await reportKubelet(ground, name, report.kubeletVersion);
}

/** What an upgraded kubelet does: it reports another version of itself. */
export async function reportKubelet(ground: Ground, name: string, kubeletVersion: string): Promise<void> {
  const nodeInfo = {
    architecture: 'amd64', bootID: '', containerRuntimeVersion: 'containerd://2.3.7', kernelVersion: '6.12.48', kubeProxyVersion: '',
    kubeletVersion, machineID: '', operatingSystem: 'linux', osImage: 'Debian GNU/Linux 13 (trixie)', systemUUID: '',
  };
  const patch = JSON.stringify({ status: { nodeInfo } });
  await run(ground, ['patch', 'node', '--subresource=status', '--type=merge', `--patch=${patch}`, '--', name]);
}

async function run(ground: Ground, args: readonly string[], input = ''): Promise<void> {
  const { code, stderr } = await ground.kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')} failed: ${stderr.trim()}`);
}
