import type { CommandFlags } from '../evidence/command-flags.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted, type EvidenceFor } from '../evidence/need.ts';
import { apiServerPods, flagz } from '../evidence/sources/api-server.ts';
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
  /** Nothing is trusted for proxies, so no header is believed. */
  readonly isOff: boolean;
  /** Whether client certificates are taken at all. */
  readonly hasClients: boolean;
  /** The provider decides it: Azure uses the cluster's authority for both, by its own documents. */
  readonly isByProvider: boolean;
}

const FLAG = 'requestheader-allowed-names';
const needs = { trust: clientTrust, flags: attempt(flagz), pods: attempt(apiServerPods), platform: attempt(platform) } as const;

/**
 * What the API servers publish in the ConfigMap extension-apiserver-authentication. They only ever add to it (kubernetes
 * clusterauthenticationtrust): an authority that a flag no longer names stays until it ends, and extension API servers go on
 * trusting it; and of an API server without names beside others with some, nothing is to be seen there.
 */
export const frontProxy = defineIndex({
  id: 'front-proxy',
  needs,
  build({ trust, flags, pods, platform: found }): FrontProxy {
    const { clientAuthorities, frontProxyAuthorities, frontProxyNames: names }: Omit<ClientTrust, 'exists'> = trust.exists ? trust : { frontProxyNames: [] };
    const clients = new Set(keysOf(clientAuthorities));
    return {
      sharedKeys: keysOf(frontProxyAuthorities).filter(key => clients.has(key)),
      names,
      ...anyName(names, flags, pods),
      isOff: (frontProxyAuthorities?.certificates.length ?? 0) === 0,
      hasClients: clients.size > 0,
      isByProvider: 'value' in found && found.value.distribution === 'aks',
    };
  },
});

type Names = Pick<FrontProxy, 'takesAnyName' | 'namesFrom' | 'nameGaps'>;

function anyName(published: readonly string[], flags: EvidenceFor<typeof needs>['flags'], pods: EvidenceFor<typeof needs>['pods']): Names {
  // Where one of them has names they are published, so that none being there means that none has any.
  if (published.length === 0) return { takesAnyName: true, namesFrom: 'ConfigMap', nameGaps: [] };
  const byPods = podsWithoutNames(pods);
  if (byPods !== undefined) return { takesAnyName: byPods, namesFrom: 'pods', nameGaps: [] };
  if ('value' in flags && flags.value.values[FLAG] !== undefined) {
    return { takesAnyName: flags.value.values[FLAG].replaceAll(/[[\]\s]/g, '') === '', namesFrom: 'flagz', nameGaps: [] };
  }
  const gaps = [...('gaps' in flags ? flags.gaps : []), ...('gaps' in pods ? pods.gaps : [])];
  return { nameGaps: gaps.length > 0 ? gaps : [{ kind: 'notObservable', reason: 'notSeen', detail: `neither flags nor pods of the API servers show --${FLAG}` }] };
}

/** Whether a pod of an API server demands no names; undefined where there is no such pod, or one does not show its flags. */
function podsWithoutNames(pods: Attempted<NonNullable<(typeof apiServerPods)['evidence']>>): boolean | undefined {
  if (!('value' in pods)) return undefined;
  const all = pods.value.map(({ spec }) => spec?.containers.flatMap(({ command, args }) => [command, args].filter(words => words !== undefined)) ?? []);
  const readable = (words: readonly CommandFlags[]): boolean => words.some(({ program }) => program === 'kube-apiserver') && !words.some(({ hasVariable }) => hasVariable);
  if (all.length === 0 || !all.every(readable)) return undefined;
  return all.some(words => !words.some(({ flags }) => flags.some(({ name, value = '' }) => name === FLAG && value !== '')));
}

function keysOf(bundle: ClientTrust['clientAuthorities']): string[] {
  return [...new Set(bundle?.certificates.map(({ publicKeySha256 }) => publicKeySha256))].sort();
}
