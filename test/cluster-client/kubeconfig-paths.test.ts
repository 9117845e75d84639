import { describe, expect, it } from 'vitest';
import { isPath, listedFiles, ownKubeconfigs, pathFrom } from '../../src/cluster/kubeconfig-paths.ts';

/** Expected answers: Go's path/filepath on Windows (SplitList, IsAbs, Join) and client-go's util/homedir, read in their sources and tests. */
describe('on Windows', () => {
  it.each([
    ['C:\\a;C:\\b', ['C:\\a', 'C:\\b']],
    ['C:\\a', ['C:\\a']],
    ['"C:\\odd;name";C:\\b', ['C:\\odd;name', 'C:\\b']],
    ['C:\\"odd;na"me', ['C:\\odd;name']],
    [';C:\\a;', ['', 'C:\\a', '']],
    ['"C:\\never;closed', ['C:\\never;closed']],
  ])('KUBECONFIG=%s lists %j', (variable, files) => {
    expect(listedFiles(variable, 'win32')).toEqual(files);
  });

  it.each([
    ['client.crt', 'C:\\Users\\ana\\.kube\\client.crt'],
    ['pki/client.crt', 'C:\\Users\\ana\\.kube\\pki\\client.crt'],
    ['..\\client.crt', 'C:\\Users\\ana\\client.crt'],
    ['D:\\keys\\client.crt', 'D:\\keys\\client.crt'],
    ['D:/keys/client.crt', 'D:\\keys\\client.crt'],
    ['\\\\host\\share\\client.crt', '\\\\host\\share\\client.crt'],
    // No volume, so it is not absolute to Go.
    ['\\keys\\client.crt', 'C:\\Users\\ana\\.kube\\keys\\client.crt'],
    ['/keys/client.crt', 'C:\\Users\\ana\\.kube\\keys\\client.crt'],
    ['', ''],
  ])('the path %s in C:\\Users\\ana\\.kube\\config is %s', (path, found) => {
    expect(pathFrom('C:\\Users\\ana\\.kube', path, 'win32')).toBe(found);
  });

  it.each([['aws', false], ['bin/login', false], ['bin\\login.exe', true], ['C:\\bin\\login.exe', true]])('the command %s is a path: %s', (command, expected) => {
    expect(isPath(command, 'win32')).toBe(expected);
  });

  it('the own kubeconfig is looked for in HOME, then HOMEDRIVE and HOMEPATH, then USERPROFILE', () => {
    const env = { HOME: 'H:\\', HOMEDRIVE: 'D:', HOMEPATH: '\\ana', USERPROFILE: 'C:\\Users\\ana' };
    expect(ownKubeconfigs(env, 'C:\\x', 'win32')).toEqual(['H:\\.kube\\config', 'D:\\ana\\.kube\\config', 'C:\\Users\\ana\\.kube\\config']);
    expect(ownKubeconfigs({ HOMEDRIVE: 'D:', USERPROFILE: 'C:\\Users\\ana' }, 'C:\\x', 'win32')).toEqual(['C:\\Users\\ana\\.kube\\config']);
    expect(ownKubeconfigs({ HOME: '' }, 'C:\\x', 'win32')).toEqual(['C:\\x\\.kube\\config']);
  });
});

describe('elsewhere', () => {
  it('a colon parts, a slash makes a path, and a backslash is a letter', () => {
    expect(listedFiles('/a:/b;c:"/d"', 'linux')).toEqual(['/a', '/b;c', '"/d"']);
    expect([isPath('bin/login', 'darwin'), isPath('bin\\login', 'linux')]).toEqual([true, false]);
    expect(pathFrom('/home/ana/.kube', '../x', 'linux')).toBe('/home/ana/x');
    expect(pathFrom('/home/ana/.kube', '/x', 'linux')).toBe('/x');
    expect(ownKubeconfigs({ HOME: '/home/ana', USERPROFILE: '/other' }, '/root', 'linux')).toEqual(['/home/ana/.kube/config']);
    expect(ownKubeconfigs({}, '/root', 'linux')).toEqual(['/root/.kube/config']);
  });
});
