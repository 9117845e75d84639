import { CERTIFICATE_FILE_FLAGS, PROGRAMS, type CommandFlags, type Program } from '../evidence/command-flags.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { apiServerRef, componentRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { apiServerLeases, flagz, liveReplicas } from '../evidence/sources/api-server.ts';
import { controlPlanePods, staticPods, type ControlPlanePod } from '../evidence/sources/control-plane.ts';
import { platform } from './platform.ts';

/** How one program of the control plane was started, as far as files of certificates and keys go. */
export interface ProgramStart {
  readonly program: Program;
  /** `static pod etcd-cp-1`, `API server that answered /flagz`. */
  readonly of: string;
  readonly node?: string;
  readonly resource: ResourceRef;
  /** By flag, without dashes; a flag that is not set is not there. */
  readonly files: Readonly<Record<string, string>>;
  /** How long the controller manager issues certificates for, unless the request asks for less; absent where that is not known. */
  readonly signingSeconds?: number;
  /** Whether a flag that is not there is certainly not set. */
  readonly isWhole: boolean;
  /** What shows the flag, or that it is not set. */
  readonly evidenceOf: (flag: string) => EvidenceItem;
}

/** The programs of the control plane whose flags can be seen. */
export interface CertificateSettings {
  readonly starts: readonly ProgramStart[];
  /** Why not every API server is among them; empty where each is. */
  readonly gaps: readonly Gap[];
  /** A provider runs the control plane, so its flags are nobody else's business. */
  readonly isManaged: boolean;
}

const FILE_FLAGS: ReadonlySet<string> = new Set(CERTIFICATE_FILE_FLAGS);

export const certificateSettings = defineIndex({
  id: 'certificate-settings',
  needs: { pods: attempt(controlPlanePods), flags: attempt(flagz), leases: attempt(apiServerLeases), platform: attempt(platform) },
  build({ pods, flags, leases, platform: found }, { now }): CertificateSettings {
    const isManaged = 'value' in found && found.value.isManaged;
    const starts = staticPods('value' in pods ? pods.value : []).flatMap(pod => startOf(pod) ?? []).sort((a, b) => (a.of < b.of ? -1 : 1));
    if (starts.some(({ program }) => program === 'kube-apiserver')) return { starts, gaps: [], isManaged };
    if ('value' in flags) {
      const isOnly = 'value' in leases && liveReplicas(leases.value, now) === 1;
      return { starts: [flagzStart(flags.value.values), ...starts], gaps: isOnly ? [] : 'gaps' in leases ? leases.gaps : [ONE_OF_MANY], isManaged };
    }
    const gaps = [...('gaps' in pods ? pods.gaps : []), ...flags.gaps];
    return { starts, gaps, isManaged };
  },
});

const ONE_OF_MANY: Gap = { kind: 'notObservable', reason: 'notSeen', source: flagz.id, detail: 'one API server has answered /flagz, and there are others, or nothing says how many there are' };

function startOf(pod: ControlPlanePod): ProgramStart | undefined {
  const started = startedProgram(pod);
  if (started === undefined) return undefined;
  const { program, files, at, isWhole, signingSeconds } = started;
  const node = pod.spec?.nodeName;
  return {
    program, files, isWhole,
    ...(signingSeconds === undefined ? {} : { signingSeconds }),
    of: `static pod ${pod.metadata.name}`,
    ...(node === undefined ? {} : { node }),
    // The program and not its pod: one ticket for each node, whatever the pod is called.
    resource: componentRef(program),
    evidenceOf: flag => ({
      resource: refOf(controlPlanePods, pod),
      path: `spec.containers[${at}].command`,
      value: files[flag] === undefined ? `no --${flag}` : `--${flag}=${files[flag]}`,
      grade: 'inferred',
      derivation: 'the command line of the static pod was read, of which only the names of files are kept',
    }),
  };
}

/** The program of the control plane in a pod, with the certificate files that its flags name. */
export function startedProgram({ spec }: ControlPlanePod): (Pick<ProgramStart, 'program' | 'files' | 'isWhole' | 'signingSeconds'> & { readonly at: number }) | undefined {
  const started = (spec?.containers ?? []).map(({ command, args }) => [command, args].filter(words => words !== undefined));
  const at = started.findIndex(([first]) => PROGRAMS.some(name => name === first?.program));
  const words = started[at];
  const program = PROGRAMS.find(name => name === words?.[0]?.program);
  if (words === undefined || program === undefined) return undefined;
  const signingSeconds = program === 'kube-controller-manager' ? signingSecondsIn(words) : undefined;
  return { program, at, files: filesIn(words), isWhole: !words.some(({ hasVariable }) => hasVariable), ...(signingSeconds === undefined ? {} : { signingSeconds }) };
}

/** The last one wins where a flag is repeated; a value that only the container's start expands is none that is known. */
function filesIn(words: readonly CommandFlags[]): Readonly<Record<string, string>> {
  const given = words.flatMap(({ flags }) => flags).flatMap(({ name, value = '' }) => (FILE_FLAGS.has(name) && value !== '' && !value.includes('$(') ? [[name, value] as const] : []));
  return Object.fromEntries(given);
}

/** `--cluster-signing-duration`, by default a year of 8760 hours (kubernetes pkg/controller/certificates/signer/config/v1alpha1/defaults.go). */
function signingSecondsIn(words: readonly CommandFlags[]): number | undefined {
  const given = words.flatMap(({ flags }) => flags).filter(({ name }) => /^(experimental-)?cluster-signing-duration$/.test(name)).at(-1);
  if (given !== undefined) return goSeconds(given.value ?? '');
  return words.some(({ hasVariable }) => hasVariable) ? undefined : 8760 * 3600;
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Of a Go duration such as `8760h0m0s`; undefined where it is none that a certificate may last. */
function goSeconds(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}

function flagzStart(values: Readonly<Record<string, string>>): ProgramStart {
  const files = Object.fromEntries(Object.entries(values).filter(([name, value]) => FILE_FLAGS.has(name) && value !== '' && value !== '[]'));
  return {
    program: 'kube-apiserver', files,
    of: 'API server that answered /flagz',
    resource: apiServerRef,
    isWhole: true,
    evidenceOf: flag => ({ resource: apiServerRef, path: `flags["${flag}"]`, value: values[flag] ?? '', grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/flagz'] }),
  };
}
