import { calledAs, servicePortKey } from '../evidence/extension-services.ts';
import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { extensionServers as seenServers, unseen, type ExtensionServer } from '../evidence/sources/extension-servers.ts';
import { authorityOf } from './certificate-chain.ts';
import { extensionBundles, type ExtensionBundle } from './extension-bundles.ts';
import { isCovered } from './serving-names.ts';

/** A webhook or extension API server, with what the pods behind it show to the API server. */
export interface CalledExtension extends ExtensionBundle {
  /** `NAMESPACE/NAME:PORT` of its Service; empty for a URL. */
  readonly called: string;
  /** The name that the API server asks for. */
  readonly serverName: string;
  readonly servers: readonly (ExtensionServer & { readonly fault?: ServerFault })[];
  /** Pods, or all of them, that could not be looked at. */
  readonly gaps: readonly Gap[];
}

/** Why the API server refuses a certificate. */
export interface ServerFault {
  /** The field of the certificate that shows it. */
  readonly field: 'issuer' | 'notAfter' | 'notBefore' | 'names' | 'usages';
  /** To be read after "the server". */
  readonly words: string;
}

/** Why nothing is known of one that is called by a URL: it may be anywhere. */
const BY_URL = unseen('the API server calls it by a URL, to which no tunnel leads', 'notObservable');

/** Every extension with a bundle of its own. */
export const extensionServers = defineIndex({
  id: 'extension-servers',
  needs: { extensions: extensionBundles, seen: attempt(seenServers) },
  build({ extensions: { bundles, unread }, seen }, { now }) {
    const byService = new Map('value' in seen ? seen.value.map(each => [each.of, each]) : []);
    const called = bundles.flatMap((each): CalledExtension[] => {
      const { service, bundle } = each;
      if (service === undefined) return [{ ...each, called: '', serverName: '', servers: [], gaps: [BY_URL] }];
      const of = servicePortKey(service);
      const serverName = calledAs(service);
      const found = byService.get(of);
      if (found === undefined || 'gap' in found) {
        const gap = found?.gap ?? unseen(`nothing was seen behind Service ${of}`);
        return [{ ...each, called: of, serverName, servers: [], gaps: 'gaps' in seen ? seen.gaps : [gap] }];
      }
      return [{
        ...each, called: of, serverName,
        servers: found.value.flatMap(server => ('value' in server ? [{ ...server.value, ...faultOf(server.value.shown.chain, bundle.certificates, serverName, now) }] : [])),
        gaps: found.value.flatMap(server => ('gap' in server ? [server.gap] : [])),
      }];
    });
    return { called, unread };
  },
});

/** As Go verifies a server, with the bundle as roots and the name of the Service (crypto/x509 Certificate.Verify). */
function faultOf([leaf, ...intermediates]: readonly KeptCertificate[], bundle: readonly KeptCertificate[], name: string, now: string): { readonly fault?: ServerFault } {
  if (leaf === undefined) return {};
  const at = Date.parse(now);
  const isValid = ({ notBefore, notAfter }: KeptCertificate): boolean => Date.parse(notBefore) <= at && at <= Date.parse(notAfter);
  const authority = authorityOf(leaf, bundle, intermediates, 'server');
  if (authority === undefined) return { fault: { field: 'issuer', words: `shows a certificate of ${leaf.issuer === '' ? 'an authority without a name' : leaf.issuer}, which the bundle does not hold` } };
  if (Date.parse(leaf.notAfter) < at) return { fault: { field: 'notAfter', words: `shows a certificate that ended on ${leaf.notAfter.slice(0, 10)}` } };
  if (Date.parse(leaf.notBefore) > at) return { fault: { field: 'notBefore', words: `shows a certificate that is not valid before ${leaf.notBefore.slice(0, 10)}` } };
  if (authorityOf(leaf, bundle.filter(isValid), intermediates.filter(isValid), 'server') === undefined) return { fault: { field: 'issuer', words: `shows a certificate of ${leaf.issuer}, which has ended` } };
  if (leaf.usages !== undefined && !leaf.usages.includes('server') && !leaf.usages.includes('any')) return { fault: { field: 'usages', words: 'shows a certificate that is not for servers' } };
  return isCovered(leaf, name) ? {} : { fault: { field: 'names', words: `shows a certificate that is not for ${name}` } };
}
