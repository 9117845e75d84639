import type { CommandFlags } from '../evidence/command-flags.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type EvidenceFor } from '../evidence/need.ts';
import type { CertificateBundle } from '../evidence/pem.ts';
import { flagz } from '../evidence/sources/api-server.ts';
import { apiServerPods, controlPlanePods } from '../evidence/sources/control-plane.ts';
import { clientTrust, type ClientTrust } from '../evidence/sources/pki.ts';
import { platform } from './platform.ts';

/** Who may speak for others: proxies whose certificate one authority issued. */
export interface FrontProxy {
  /** Public keys (SHA-256) that are published as trusted for clients and for proxies both. */
  readonly sharedKeys: readonly string[];
  /** The names that a proxy must have, as they are published. */
  readonly names: readonly string[];
  /** Whether an API server takes any name; absent where that cannot be told, and then `nameGaps` say why. */
  readonly takesAnyName?: boolean;
  /** Where that is known from. */
  readonly namesFrom?: 'ConfigMap' | 'flagz' | 'pods';
  readonly nameGaps: readonly Gap[];
  /** Nothing is trusted for proxies, so no header is believed; absent where that cannot be told, and then `trustGaps` say why. */
  readonly isOff?: boolean;
  readonly trustGaps: readonly Gap[];
  /** Whether client certificates are taken at all; absent where that cannot be told, and then `trustGaps` say why. */
  readonly hasClients?: boolean;
  /** The provider decides it: Azure uses the cluster's authority for both, by its own documents. */
  readonly isByProvider: boolean;
}

const FLAG = 'requestheader-allowed-names';
const AUTHORITY_FLAG = 'requestheader-client-ca-file';
const needs = { trust: clientTrust, flags: attempt(flagz), pods: attempt(controlPlanePods), platform: attempt(platform) } as const;

/**
 * What the API servers publish in the ConfigMap extension-apiserver-authentication. They only ever add to it (kubernetes
 * clusterauthenticationtrust): an authority that a flag no longer names stays until it ends, and extension API servers go on
 * trusting it; and of an API server without names beside others with some, nothing is to be seen there.
 */
export const frontProxy = defineIndex({
  id: 'front-proxy',
  needs,
  build({ trust, flags, pods, platform: found }): FrontProxy {
    const published: Omit<ClientTrust, 'exists'> = trust.exists ? trust : { frontProxyNames: [] };
    const { clientAuthorities, frontProxyAuthorities, frontProxyNames: names } = published;
    const clients = new Set(keysOf(clientAuthorities));
    return {
      sharedKeys: keysOf(frontProxyAuthorities).filter(key => clients.has(key)),
      names,
      ...anyName(names, flags, pods),
      ...trustOf(trust.exists, published, flags, pods),
      isByProvider: 'value' in found && found.value.distribution === 'aks',
    };
  },
});

type Flags = EvidenceFor<typeof needs>['flags'];
type Pods = EvidenceFor<typeof needs>['pods'];

const UNREADABLE: Gap = { kind: 'notObservable', reason: 'malformed', source: clientTrust.id, detail: 'a published bundle holds no certificate that can be read' };
const UNPUBLISHED: Gap = { kind: 'notObservable', reason: 'notSeen', source: clientTrust.id, detail: 'there is no ConfigMap kube-system/extension-apiserver-authentication, and no flag shows whom the API server trusts' };

/** Whether anything is trusted for proxies and for clients. Of what is published an absent bundle says that no API server has one. */
function trustOf(isPublished: boolean, { frontProxyAuthorities, clientAuthorities }: Omit<ClientTrust, 'exists'>, flags: Flags, pods: Pods): Pick<FrontProxy, 'isOff' | 'hasClients' | 'trustGaps'> {
  if (!isPublished) {
    const isOff = arePodsWithout(AUTHORITY_FLAG, pods) === true || ('value' in flags && flags.value.values[AUTHORITY_FLAG] === '');
    return isOff ? { isOff, trustGaps: [] } : { trustGaps: [UNPUBLISHED] };
  }
  const forProxies = hasAny(frontProxyAuthorities);
  const forClients = hasAny(clientAuthorities);
  return {
    ...(forProxies === undefined ? {} : { isOff: !forProxies }),
    ...(forClients === undefined ? {} : { hasClients: forClients }),
    trustGaps: forProxies === undefined || forClients === undefined ? [UNREADABLE] : [],
  };
}

/** Undefined where there is something, and nobody here can read it. */
function hasAny(bundle: CertificateBundle | undefined): boolean | undefined {
  if (bundle === undefined) return false;
  if (bundle.certificates.length > 0) return true;
  return bundle.malformed.length > 0 ? undefined : false;
}

type Names = Pick<FrontProxy, 'takesAnyName' | 'namesFrom' | 'nameGaps'>;

function anyName(published: readonly string[], flags: Flags, pods: Pods): Names {
  // Where one of them has names they are published, so that none being there means that none has any.
  if (published.length === 0) return { takesAnyName: true, namesFrom: 'ConfigMap', nameGaps: [] };
  const byPods = isAnyPodWithout(FLAG, pods);
  if (byPods !== undefined) return { takesAnyName: byPods, namesFrom: 'pods', nameGaps: [] };
  if ('value' in flags && flags.value.values[FLAG] !== undefined) {
    return { takesAnyName: flags.value.values[FLAG].replaceAll(/[[\]\s]/g, '') === '', namesFrom: 'flagz', nameGaps: [] };
  }
  const gaps = [...('gaps' in flags ? flags.gaps : []), ...('gaps' in pods ? pods.gaps : [])];
  return { nameGaps: gaps.length > 0 ? gaps : [{ kind: 'notObservable', reason: 'notSeen', detail: `neither flags nor pods of the API servers show --${FLAG}` }] };
}

/** Whether a pod of an API server is started without a flag; undefined where there is no such pod, or one does not show its flags. */
function isAnyPodWithout(flag: string, pods: Pods): boolean | undefined {
  return commandsOf(pods)?.some(words => !hasValue(words, flag));
}

/** Whether all of them are. */
function arePodsWithout(flag: string, pods: Pods): boolean | undefined {
  return commandsOf(pods)?.every(words => !hasValue(words, flag));
}

function hasValue(words: readonly CommandFlags[], wanted: string): boolean {
  return words.some(({ flags }) => flags.some(({ name, value = '' }) => name === wanted && value !== ''));
}

/** How the pods of the API servers are started. */
function commandsOf(pods: Pods): readonly (readonly CommandFlags[])[] | undefined {
  if (!('value' in pods)) return undefined;
  const all = apiServerPods(pods.value)
    .map(({ spec }) => spec?.containers.flatMap(({ command, args }) => [command, args].filter(words => words !== undefined)) ?? []);
  const isReadable = (words: readonly CommandFlags[]): boolean => words.some(({ program }) => program === 'kube-apiserver') && !words.some(({ hasVariable }) => hasVariable);
  return all.length === 0 || !all.every(isReadable) ? undefined : all;
}

function keysOf(bundle: ClientTrust['clientAuthorities']): string[] {
  return [...new Set(bundle?.certificates.map(({ publicKeySha256 }) => publicKeySha256))].sort();
}
