import { posix, win32 } from 'node:path';

/** The rules of one operating system, as Go's filepath has them; everything that is not Windows is alike. */
export type Platform = NodeJS.Platform;

/** The files that a KUBECONFIG variable lists (filepath.SplitList): Windows parts them by semicolons and takes quotes away. */
export function listedFiles(variable: string, platform: Platform): string[] {
  if (platform !== 'win32') return variable.split(':');
  const files: string[] = [];
  let file = '';
  let isQuoted = false;
  for (const character of variable) {
    if (character === '"') isQuoted = !isQuoted;
    if (character === ';' && !isQuoted) {
      files.push(file);
      file = '';
    } else {
      file += character;
    }
  }
  return [...files, file].map(each => each.replaceAll('"', ''));
}

/**
 * The places where the person's own kubeconfig may be, best first (client-go util/homedir). On Windows the first that is
 * there counts; elsewhere there is one.
 * @param home where the operating system says that the person lives, for an environment that says nothing
 */
export function ownKubeconfigs(env: NodeJS.ProcessEnv, home: string, platform: Platform): string[] {
  const { join } = platform === 'win32' ? win32 : posix;
  const drive = env['HOMEDRIVE'] ?? '';
  const path = env['HOMEPATH'] ?? '';
  const homes = platform === 'win32' ? [env['HOME'], drive === '' || path === '' ? '' : drive + path, env['USERPROFILE']] : [env['HOME']];
  const given = homes.filter(each => each !== undefined && each !== '') as string[];
  return (given.length === 0 ? [home] : given).map(each => join(each, '.kube', 'config'));
}

/** A path in a kubeconfig, seen from the directory of that file; an empty one stays empty. */
export function pathFrom(directory: string, path: string, platform: Platform): string {
  if (path === '') return '';
  if (platform !== 'win32') return posix.resolve(directory, path);
  // To Go a path is absolute with its volume only, where Node takes the one of the directory: `\keys` is below it.
  const isAbsolute = /^(?:[a-z]:[\\/]|[\\/]{2})/i.test(path);
  return isAbsolute ? win32.normalize(path) : win32.join(directory, path);
}

/** Whether an exec plugin's command is a path; any other is looked up on the PATH, never next to the kubeconfig. */
export function isPath(command: string, platform: Platform): boolean {
  return command.includes(platform === 'win32' ? '\\' : '/');
}
