import { attempt, defineIndex } from '../evidence/need.ts';
import { clientTrust, type ClientTrust } from '../evidence/sources/pki.ts';
import { platform, type Platform } from './platform.ts';

/** Who may speak for others: proxies whose certificate one authority issued. */
export interface FrontProxy {
  /** Public keys (SHA-256) that are trusted for clients and for proxies both. */
  readonly sharedKeys: readonly string[];
  /** The names that a proxy must have; empty means any. */
  readonly names: readonly string[];
  /** Nothing is trusted for proxies, so no header is believed. */
  readonly isOff: boolean;
  /** Whether client certificates are taken at all. */
  readonly hasClients: boolean;
  /** The provider decides it: Azure uses the cluster's authority for both, by its own documents. */
  readonly isByProvider: boolean;
}

export const frontProxy = defineIndex({
  id: 'front-proxy',
  needs: { trust: clientTrust, platform: attempt(platform) },
  build({ trust, platform: found }): FrontProxy {
    const { clientAuthorities, frontProxyAuthorities, frontProxyNames }: Omit<ClientTrust, 'exists'> = trust.exists ? trust : { frontProxyNames: [] };
    const clients = new Set(keysOf(clientAuthorities));
    return {
      sharedKeys: keysOf(frontProxyAuthorities).filter(key => clients.has(key)),
      names: frontProxyNames,
      isOff: (frontProxyAuthorities?.certificates.length ?? 0) === 0,
      hasClients: clients.size > 0,
      isByProvider: 'value' in found && isAks(found.value),
    };
  },
});

function isAks({ distribution }: Platform): boolean {
  return distribution === 'aks';
}

function keysOf(bundle: ClientTrust['clientAuthorities']): string[] {
  return [...new Set(bundle?.certificates.map(({ publicKeySha256 }) => publicKeySha256))].sort();
}
