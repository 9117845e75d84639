/**
 * Records what an API server older than 1.32 answers, into fixtures/recordings/kube-1.31.14: such a server has neither
 * /flagz nor /statusz, so what it tells about itself stands in /metrics and /readyz alone.
 *
 * `node test/cluster/record-131.ts` builds kube-apiserver and kube-controller-manager of that version from source in
 * the cache directory, once (some ten minutes), and runs them with the etcd and kubectl of this folder.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { startApiServer, type Ground } from './api-server.ts';
import { controlPlaneBinaries, type ControlPlaneBinaries } from './binaries.ts';
import type { EncryptionKind } from './encryption.ts';

const version = 'v1.31.14';
const staging = version.replace('v1.', 'v0.');
/** Their v0.31.14 is not in Go's module mirror or not in its checksum database; these are the newest found that are in both. */
const heldBack: Readonly<Record<string, string>> = {
  'k8s.io/cluster-bootstrap': 'v0.31.0',
  'k8s.io/cri-client': 'v0.31.0',
  'k8s.io/csi-translation-lib': 'v0.31.12',
  'k8s.io/dynamic-resource-allocation': 'v0.31.0',
  'k8s.io/endpointslice': 'v0.31.0',
  'k8s.io/kube-aggregator': 'v0.31.10',
  'k8s.io/kube-controller-manager': 'v0.31.0',
  'k8s.io/kube-scheduler': 'v0.31.0',
  'k8s.io/pod-security-admission': 'v0.31.12',
};
const target = path.join(import.meta.dirname, '../../fixtures/recordings', `kube-${version.slice(1)}`);

/** What is stored before the recording, by case. */
const cases: Readonly<Record<string, { readonly encryption: EncryptionKind; readonly secrets: number; readonly configMaps: number }>> = {
  none: { encryption: 'none', secrets: 1, configMaps: 0 },
  aescbc: { encryption: 'aescbc', secrets: 1, configMaps: 0 },
  'configmaps-only': { encryption: 'configmaps-only', secrets: 1, configMaps: 1 },
  'identity-first': { encryption: 'identity-first', secrets: 1, configMaps: 0 },
};

const binaries = await oldBinaries();
for (const [name, { encryption, secrets, configMaps }] of Object.entries(cases)) {
  await using ground = await startApiServer({ binaries, encryption });
  for (let n = 0; n < secrets; n++) await kubectl(ground, ['create', 'secret', 'generic', `stored-${n}`, '--from-literal=word=value']);
  for (let n = 0; n < configMaps; n++) await kubectl(ground, ['create', 'configmap', `stored-${n}`, '--from-literal=word=value']);
  await untilCounted(ground);
  save(name, 'metrics.txt.gz', gzipSync(await kubectl(ground, ['get', '--raw', '/metrics'])));
  save(name, 'readyz.txt', await kubectl(ground, ['get', '--raw', '/readyz?verbose']));
  save(name, 'version.json', await kubectl(ground, ['get', '--raw', '/version']));
}

// With its controller manager, since the rules of admin, edit and view are put together by it.
await using ground = await startApiServer({ binaries, controllerManager: true });
save('rbac', 'objects.json.gz', gzipSync(await kubectl(ground, ['get', 'clusterroles,clusterrolebindings,roles,rolebindings', '-A', '-o', 'json'])));
save('rbac', 'version.json', await kubectl(ground, ['get', '--raw', '/version']));

async function kubectl(on: Ground, args: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await on.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${stderr.trim()}`);
  return stdout;
}

/** The server counts its objects about once a minute, each kind for itself; one that has run for a while has counted them. */
async function untilCounted(on: Ground): Promise<void> {
  for (const resource of ['secrets', 'configmaps']) {
    const { length } = (await kubectl(on, ['get', resource, '-A', '-o', 'name'])).trim().split('\n');
    const counted = new RegExp(`^apiserver_storage_objects\\{resource="${resource}"\\} ${length}$`, 'm');
    const deadline = Date.now() + 150_000;
    while (!counted.test(await kubectl(on, ['get', '--raw', '/metrics']))) {
      if (Date.now() > deadline) throw new Error(`After two and a half minutes the server has still not counted its ${resource}; run this again.`);
      await sleep(2000);
    }
  }
}

function save(folder: string, file: string, contents: string | Buffer): void {
  mkdirSync(path.join(target, folder), { recursive: true });
  writeFileSync(path.join(target, folder, file), contents);
  process.stdout.write(`${path.join(folder, file)}\n`);
}

/** Builds into the cache, beside links to the rest, so that `SECAUDIT_CONTROL_PLANE` may name the directory too. */
async function oldBinaries(): Promise<ControlPlaneBinaries> {
  const current = await controlPlaneBinaries();
  const dir = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'secaudit', `kube-${version}`);
  const programs = ['kube-apiserver', 'kube-controller-manager'] as const;
  mkdirSync(dir, { recursive: true });
  if (!existsSync(path.join(dir, 'go.sum'))) writeModule(dir);

  const [major, minor] = version.slice(1).split('.');
  const stamps = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const ldflags = ['-s', '-w', ...Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ');
  for (const program of programs) {
    if (existsSync(path.join(dir, program))) continue;
    go(dir, 'build', '-trimpath', '-ldflags', ldflags, '-o', `${program}.new`, `k8s.io/kubernetes/cmd/${program}`);
    execFileSync('mv', [path.join(dir, `${program}.new`), path.join(dir, program)]);
  }
  for (const program of ['etcd', 'kubectl'] as const) {
    rmSync(path.join(dir, program), { force: true });
    symlinkSync(current[program], path.join(dir, program));
  }
  return { ...current, 'kube-apiserver': path.join(dir, programs[0]), 'kube-controller-manager': path.join(dir, programs[1]) };
}

/** Kubernetes replaces its staging modules by folders of its own; as a dependency it needs them replaced by their releases. */
function writeModule(dir: string): void {
  writeFileSync(path.join(dir, 'go.mod'), 'module secaudit.test/recording\n');
  const { GoMod } = JSON.parse(go(dir, 'mod', 'download', '-json', `k8s.io/kubernetes@${version}`)) as { GoMod: string };
  const replaced = [...readFileSync(GoMod, 'utf8').matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging/gm)].map(([, module = '']) => module);
  writeFileSync(path.join(dir, 'go.mod'), `module secaudit.test/recording

go 1.26.0

require k8s.io/kubernetes ${version}

tool (
\tk8s.io/kubernetes/cmd/kube-apiserver
\tk8s.io/kubernetes/cmd/kube-controller-manager
)

replace (
${replaced.map(module => `\t${module} => ${module} ${heldBack[module] ?? staging}\n`).join('')})
`);
  go(dir, 'mod', 'tidy');
}

function go(cwd: string, ...args: readonly string[]): string {
  return execFileSync('go', args, {
    cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
}
