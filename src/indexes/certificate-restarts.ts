import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { NodeFile, NodeFiles } from '../evidence/node-files.ts';
import { componentRef, apiServerRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { controlPlanePods, type ControlPlanePod } from '../evidence/sources/control-plane.ts';
import { apiServerHandshake, isDirect } from '../evidence/sources/handshake.ts';
import { nodeFiles } from '../evidence/sources/node-files.ts';
import { roleOfNodeFile } from './node-file-roles.ts';

/** A component beside the file that it takes its certificate from. */
export interface RestartQuestion {
  readonly component: ResourceRef;
  readonly node: string;
  readonly file: string;
  /** The certificate that the file holds now; absent where it holds none that can be read. */
  readonly certificate?: KeptCertificate;
  /** How the old certificate shows: the component was started before the file was written, or it shows another one. */
  readonly by:
    | { readonly kind: 'start'; readonly startedAt: string; readonly writtenAt: string; readonly pod: { readonly name: string; readonly namespace: string } }
    | { readonly kind: 'handshake'; readonly shown: KeptCertificate };
  /** Whether the component holds an older certificate than its file: certain by a handshake, most likely by the times. */
  readonly isOwed: boolean;
}

/** Which components may still use what was in their files before. */
export interface CertificateRestarts {
  readonly questions: readonly RestartQuestion[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/**
 * The components that read a certificate once, at their start: a kubeconfig with the certificate inside is never looked at
 * again (client-go `rest/transport.go` reloads only what it reads from files of its own). The API server, etcd and the
 * kubelet look at their files again and again, so that a restart is nothing that they owe.
 */
const READ_ONCE = { 'controller-manager-client': 'kube-controller-manager', 'scheduler-client': 'kube-scheduler' } as const;

export const certificateRestarts = defineIndex({
  id: 'certificate-restarts',
  needs: { files: nodeFiles, pods: controlPlanePods, handshake: attempt(apiServerHandshake) },
  build({ files, pods, handshake }): CertificateRestarts {
    const nodes = files.flatMap(each => ('value' in each ? [each] : []));
    const found = nodes.flatMap(({ of, value }) => startsOn(of, value, pods));
    const served = nodes.flatMap(({ of, value }) => filesOf(of, value).filter(({ role }) => role === 'apiserver-serving').map(({ file }) => ({ node: of, file })));
    const questions = found.flatMap(each => ('question' in each ? [each.question] : []));
    const [only] = served;
    const [own] = only?.file.certificates.certificates ?? [];
    // With several servers nobody knows which of them answered, and in front of a balancer none did.
    if (only !== undefined && own !== undefined && served.length === 1 && files.length === nodes.length && 'value' in handshake && isDirect(handshake.value)) {
      const shown = [...handshake.value.serving.slice(0, 1), ...handshake.value.byName.flatMap(each => ('chain' in each ? each.chain.slice(0, 1) : []))];
      const [first] = shown;
      if (first !== undefined) {
        // An older file than what is shown is no renewal.
        const isOwed = shown.every(({ sha256 }) => sha256 !== own.sha256) && Date.parse(own.notAfter) > Date.parse(first.notAfter);
        questions.push({ component: apiServerRef, node: only.node, file: only.file.path, certificate: own, by: { kind: 'handshake', shown: first }, isOwed });
      }
    }
    return {
      questions,
      unread: [
        ...files.flatMap(each => ('gap' in each ? [{ of: `certificate files of node ${each.of}`, gaps: [each.gap] }] : [])),
        ...found.flatMap(each => ('unread' in each ? [each.unread] : [])),
        ...(served.length > 0 && 'gaps' in handshake ? [{ of: 'what the API server shows', gaps: handshake.gaps }] : []),
      ],
    };
  },
});

function filesOf(node: string, { files }: NodeFiles): { readonly file: NodeFile; readonly role: ReturnType<typeof roleOfNodeFile> }[] {
  const all = new Set(files.map(({ path }) => path));
  return files.map(file => ({ file, role: roleOfNodeFile(file.path, node, all) }));
}

type Start = { readonly question: RestartQuestion } | { readonly unread: CertificateRestarts['unread'][number] };

function startsOn(node: string, value: NodeFiles, pods: readonly ControlPlanePod[]): Start[] {
  return filesOf(node, value).flatMap(({ file, role }): Start[] => {
    if (role !== 'controller-manager-client' && role !== 'scheduler-client') return [];
    // What a kubeconfig only names is a file that is read again.
    if (file.kind !== 'kubeconfig' || (file.certificates.certificates.length === 0 && file.clientCertificatePaths !== undefined)) return [];
    const name = READ_ONCE[role];
    const pod = pods.find(({ metadata, spec }) => spec?.nodeName === node && metadata.labels?.component === name);
    const startedAt = pod?.status?.containerStatuses?.[0]?.state?.running?.startedAt;
    const of = `${name} on ${node}`;
    if (pod === undefined || startedAt === undefined) return [{ unread: { of, gaps: [notSeen('no running static pod says since when it runs')] } }];
    if (file.writtenAt === undefined) return [{ unread: { of, gaps: [notSeen(`the image ${value.image} has no program that says when ${file.path} was written`)] } }];
    const [certificate] = file.certificates.certificates;
    return [{
      question: {
        component: componentRef(name), node, file: file.path,
        ...(certificate === undefined ? {} : { certificate }),
        by: { kind: 'start', startedAt, writtenAt: file.writtenAt, pod: { name: pod.metadata.name, namespace: pod.metadata.namespace ?? '' } },
        isOwed: Date.parse(file.writtenAt) > Date.parse(startedAt),
      },
    }];
  });
}

function notSeen(detail: string): Gap {
  return { kind: 'notObservable', reason: 'notSeen', detail };
}
