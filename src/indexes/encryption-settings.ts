import { parseKubernetesVersion } from '../data/kubernetes-version.ts';
import type { CommandFlags } from '../evidence/command-flags.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Flagz } from '../evidence/flagz.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Readyz } from '../evidence/readyz.ts';
import { refOf } from '../evidence/source.ts';
import { apiServerPods, controlPlanePods, type ControlPlanePod } from '../evidence/sources/control-plane.ts';
import type { ReplicaEncryption } from './encryption-verdict.ts';

/**
 * What can be said of encryption where the metrics cannot be read. A missing flag is proof: there is no other way to
 * give an API server an encryption configuration. A flag that is there proves no more than that a file was given,
 * neither that it names Secrets nor that identity does not stand first: that stays unknown, with the flag as evidence.
 */
const FLAG = 'encryption-provider-config';

/** One verdict for each static pod of an API server; none where there are no such pods. */
export function judgePods(pods: readonly ControlPlanePod[], gaps: readonly Gap[]): ReplicaEncryption[] {
  return apiServerPods(pods).map(pod => judgePod(pod, gaps));
}

function judgePod(pod: ControlPlanePod, gaps: readonly Gap[]): ReplicaEncryption {
  const of = `API server pod ${pod.metadata.name}`;
  const resource = refOf(controlPlanePods, pod);
  const starts = (pod.spec?.containers ?? []).map((container, index) => ({
    path: `spec.containers[${index}]`,
    words: [container.command, container.args].filter(words => words !== undefined),
  }));
  const start = starts.find(({ words }) => words[0]?.program === 'kube-apiserver');
  if (start === undefined) return unknown(of, gaps);
  const value = flagIn(start.words);
  if (value !== undefined) {
    return unknown(of, gaps, {
      resource,
      path: `${start.path}.command`,
      value: `--${FLAG}=${value}`,
      grade: 'inferred',
      derivation: 'the static pod is started with this flag; what the file says is not visible',
    });
  }
  if (start.words.some(({ hasVariable }) => hasVariable)) return unknown(of, gaps);
  return notConfigured(of, {
    resource,
    path: `${start.path}.command`,
    value: `no --${FLAG}`,
    grade: 'inferred',
    derivation: 'the static pod is started without the flag, and no configuration is loaded without it',
  });
}

/** The flag's value; empty where it has none, undefined where the flag is not there. */
function flagIn(words: readonly CommandFlags[]): string | undefined {
  const flag = words.flatMap(({ flags }) => flags).findLast(({ name }) => name === FLAG);
  return flag === undefined ? undefined : flag.value ?? '';
}

/** The replica that answered /flagz; which one it was cannot be told. */
export function judgeFlagz({ names, values }: Flagz, gaps: readonly Gap[]): ReplicaEncryption {
  const of = 'API server that answered /flagz';
  if (!names.includes(FLAG)) return unknown(of, gaps);
  const value = values[FLAG] ?? '';
  const item: EvidenceItem = { path: `flags["${FLAG}"]`, value, grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/flagz'] };
  return value === '' ? notConfigured(of, item) : unknown(of, gaps, item);
}

/** Health checks show a configuration, and never that there is none: one with local keys only has no check. */
export function readyzEvidence({ checks }: Readyz): EvidenceItem[] {
  return checks
    // kms-provider-0, -1, ...: KMS v1 plugins. kms-providers: KMS v2 or automatic reload. The hook: automatic reload.
    .filter(({ name }) => /^kms-provider(?:s|-\d+)$/.test(name) || name === 'poststarthook/start-encryption-provider-config-automatic-reload')
    .map(({ name, ok }) => ({
      path: name,
      value: ok ? 'ok' : 'failed',
      grade: 'exact',
      reproduce: ['kubectl', 'get', '--raw', '/readyz?verbose'],
    }));
}

/** What the vendor says of a server version, which is no more than the vendor's word. */
export function attestedEvidence(gitVersion: string): EvidenceItem[] {
  const version = parseKubernetesVersion(gitVersion);
  if (version === undefined || !version.suffix.startsWith('-eks-') || version.minor < 28) return [];
  return [
    {
      path: 'gitVersion',
      value: gitVersion,
      grade: 'inferred',
      derivation:
        'Amazon documents that EKS encrypts all API data from Kubernetes 1.28 on with KMS v2; clusters of EKS Anywhere and EKS Distro have the same kind of version and no such promise (https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html)',
    },
  ];
}

/** A replica of which nothing is known but, perhaps, that something is configured. */
export function unknown(of: string, gaps: readonly Gap[], ...evidence: readonly EvidenceItem[]): ReplicaEncryption {
  return { of, verdict: 'unknown', writes: 'unseen', providers: [], keys: [], evidence, gaps, hasReadAll: false, wasReloaded: false };
}

function notConfigured(of: string, item: EvidenceItem): ReplicaEncryption {
  return { of, verdict: 'notConfigured', writes: 'plain', providers: [], keys: [], evidence: [item], gaps: [], hasReadAll: false, wasReloaded: false };
}
