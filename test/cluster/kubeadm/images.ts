import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, createReadStream, existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runProgram } from '../run-program.ts';
import type { ClusterPrograms } from './programs.ts';

/** The image that workloads run: Debian's busybox. It is on every node and cannot be pulled. */
const busyboxImage = 'docker.io/library/busybox:ground';

/** Image archives for `ctr images import`, by what needs them. */
export interface NodeImages {
  /** The name of the image that holds a pod's namespaces. */
  readonly pause: string;
  readonly everyNode: readonly string[];
  readonly controlPlane: readonly string[];
}

/**
 * Makes the images of a cluster in `dir`, each of one layer: the programs just built, under the names that kubeadm wants.
 * kube-proxy's gets iptables as well, which it calls.
 *
 * @throws if kubeadm or tar fail.
 */
export async function makeImages(programs: ClusterPrograms, version: string, dir: string): Promise<NodeImages> {
  const listed = await succeed(programs.kubeadm, ['config', 'images', 'list', '--kubernetes-version', version]);
  const named = (program: string): string => {
    const name = listed.split('\n').find(line => line.includes(`/${program}:`));
    if (name === undefined) throw new Error(`kubeadm config images list names no ${program}:\n${listed}`);
    return name;
  };
  const make = (name: string, fill: (root: string) => void): Promise<string> => makeImage(dir, name, fill);
  const ofProgram = (program: 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'pause'): Promise<string> =>
    make(named(program), root => place(programs[program], root, `/usr/local/bin/${program}`));

  return {
    pause: named('pause'),
    everyNode: [
      await make(named('pause'), root => place(programs.pause, root, '/pause')),
      await make(named('kube-proxy'), root => {
        place(programs['kube-proxy'], root, '/usr/local/bin/kube-proxy');
        placeIptables(root);
      }),
      await make(busyboxImage, root => placeBusybox(root)),
    ],
    controlPlane: [
      await ofProgram('etcd'), await ofProgram('kube-apiserver'),
      await ofProgram('kube-controller-manager'), await ofProgram('kube-scheduler'),
    ],
  };
}

/** One layer in the layout of `docker save`. */
async function makeImage(dir: string, name: string, fill: (root: string) => void): Promise<string> {
  const short = name.replace(/^.*\//, '').replace(/:.*/, '');
  const work = path.join(dir, short);
  const root = path.join(work, 'root');
  for (const folder of ['etc', 'tmp', 'usr/local/bin']) mkdirSync(path.join(root, folder), { recursive: true });
  fill(root);
  const layer = path.join(work, 'layer.tar');
  await succeed('tar', ['--create', '--file', layer, '--directory', root, '--owner=0', '--group=0', '.']);
  rmSync(root, { recursive: true });

  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...(short === 'pause' ? { Entrypoint: ['/pause'] } : {}),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(layer)}`] },
  });
  writeFileSync(path.join(work, 'config.json'), config);
  writeFileSync(path.join(work, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]));
  const archive = path.join(dir, `${short}.tar`);
  await succeed('tar', ['--create', '--file', archive, '--directory', work, 'manifest.json', 'config.json', 'layer.tar']);
  rmSync(work, { recursive: true });
  return archive;
}

function place(file: string, root: string, at: string): void {
  const to = path.join(root, at);
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(file, to);
}

/** Its applets are links to it, so that a pod can call them by name. */
function placeBusybox(root: string): void {
  const busybox = firstOf(['/usr/bin/busybox', '/bin/busybox']);
  place(busybox, root, '/bin/busybox');
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', path.join(root, 'bin', applet));
  }
}

/** Debian's iptables on top of nftables, with its extensions and its libraries. */
function placeIptables(root: string): void {
  const program = firstOf(['/usr/sbin/xtables-nft-multi', '/sbin/xtables-nft-multi']);
  place(program, root, '/usr/sbin/xtables-nft-multi');
  for (const family of ['iptables', 'ip6tables']) {
    for (const tool of ['', '-save', '-restore']) symlinkSync('xtables-nft-multi', path.join(root, 'usr/sbin', `${family}${tool}`));
  }
  const extensions = firstOf(readdirSync('/usr/lib').map(folder => path.join('/usr/lib', folder, 'xtables')));
  cpSync(extensions, path.join(root, extensions), { recursive: true });
  const linked = [program, ...readdirSync(extensions).filter(file => file.endsWith('.so')).map(file => path.join(extensions, file))];
  const libraries = execFileSync('ldd', linked, { encoding: 'utf8' }).matchAll(/(?:=> |^\s+)(\/\S+)/gm);
  for (const library of new Set([...libraries].map(([, library = '']) => library))) place(realpathSync(library), root, library);
}

function firstOf(places: readonly string[]): string {
  const found = places.find(place => existsSync(place));
  if (found === undefined) throw new Error(`None of ${places.join(', ')} is here; install the Debian package that it belongs to.`);
  return found;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

async function succeed(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, args);
  if (code !== 0) throw new Error(`"${[program, ...args].join(' ')}" failed: ${stderr.trim()}`);
  return stdout;
}
