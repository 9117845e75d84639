import path from 'node:path';
import { builtPrograms, kubernetesBuildFlags, missingFrom, programsIn, requiredVersion, type GoRecipe } from './go-programs.ts';

/** Absolute paths of the programs of a control plane. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly 'kube-apiserver': string;
  readonly 'kube-controller-manager': string;
  readonly kubectl: string;
}

const moduleDir = path.join(import.meta.dirname, 'control-plane');

/**
 * The real programs: from the directory `SECAUDIT_CONTROL_PLANE`, else from the cache, else built once from source
 * (about ten minutes on two cores), with a line on stderr for each step. Any number of processes may ask at once: one
 * builds, the others wait.
 *
 * @throws if the directory lacks a program, no Go can be had, or a program does not build; each says what to do.
 */
export async function controlPlaneBinaries(): Promise<ControlPlaneBinaries> {
  const given = process.env['SECAUDIT_CONTROL_PLANE'];
  return given === undefined || given === '' ? builtPrograms(recipe()) : givenBinaries(path.resolve(given));
}

/** The Kubernetes version that go.mod asks for, such as `v1.37.1`. */
export function controlPlaneVersion(): string {
  return requiredVersion(moduleDir, 'k8s.io/kubernetes');
}

function recipe(): GoRecipe<keyof ControlPlaneBinaries> {
  const version = controlPlaneVersion();
  return {
    name: 'control-plane',
    title: 'control plane',
    version,
    moduleDir,
    flags: kubernetesBuildFlags(version),
    packages: {
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
  };
}

function givenBinaries(dir: string): ControlPlaneBinaries {
  const missing = missingFrom(dir, recipe());
  if (missing.length > 0) {
    throw new Error(`SECAUDIT_CONTROL_PLANE is ${dir}, which has no ${missing.join(', no ')}; put it there or unset the variable to build it.`);
  }
  return programsIn(dir, recipe());
}
