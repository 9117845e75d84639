import { attempt, defineIndex } from '../evidence/need.ts';
import { refOf } from '../evidence/source.ts';
import { tlsSecrets, type TlsSecret } from '../evidence/sources/tls.ts';
import { sightingsIn, sightingsOf, type Place, type SecretPlace, type Sightings } from './certificate-sighting.ts';
import { secretKey } from './secret-references.ts';

/**
 * Certificates in Secrets of type kubernetes.io/tls. They belong to what runs in the cluster and not to the cluster itself,
 * so that checks of the latter are complete without them: that the flag was not given is said by the view and by the checks of
 * TLS Secrets, and is no gap of the inventory.
 */
export const sightingsOfSecrets = defineIndex({
  id: 'sightings-of-secrets',
  needs: { secrets: attempt(tlsSecrets) },
  build({ secrets }): Sightings {
    const sightings = sightingsOf('certificates of TLS Secrets', tlsSecrets, secrets, list => list.flatMap(secret => {
      const place = placeOf(secret);
      const [leaf, ...rest] = secret.data?.chain.certificates ?? [];
      const malformed = secret.data?.chain.malformed ?? [];
      const more = sightingsIn({ certificates: rest, malformed: [] }, { ...place, role: 'tls-secret-authority' }, 'data.chain.certificates');
      return [
        // A broken block behind a good certificate; where none is good, that is the Secret's own fault and its own finding.
        sightingsIn({ certificates: leaf === undefined ? [] : [leaf], malformed: leaf === undefined ? [] : malformed }, { ...place, role: leaf?.isAuthority === true ? 'tls-secret-authority' : 'tls-secret' }, 'data.chain.certificates'),
        { found: more.found.map((found, at) => ({ ...found, path: `data.chain.certificates[${at + 1}]` })), broken: [] },
        sightingsIn(secret.data?.authorities, { ...place, role: 'tls-secret-authority', shown: shownBy(secret, 'ca\\.crt') }, 'data.authorities.certificates'),
      ];
    }));
    return { ...sightings, unread: sightings.unread.filter(({ gaps }) => gaps.some(({ kind }) => kind !== 'notRequested')) };
  },
});

function placeOf(secret: TlsSecret): Place {
  return { as: 'secret', where: `Secret ${secretKey(secret)}`, resource: refOf(tlsSecrets, secret), shown: shownBy(secret, 'tls\\.crt'), secret: renewalOf(secret) };
}

/** Who renews it by itself, by the marks that they set on what they made. */
function renewalOf({ metadata: { annotations = {} } }: TlsSecret): SecretPlace {
  if (annotations['cert-manager.io/certificate-name'] !== undefined) return { renewedBy: 'cert-manager' };
  return Object.keys(annotations).some(name => name.includes('openshift.io/')) ? { renewedBy: 'OpenShift' } : {};
}

function shownBy({ metadata: { name, namespace = '' } }: TlsSecret, key: string): Place['shown'] {
  return { reproduce: ['kubectl', 'get', 'secrets', '-n', namespace, '-o', `jsonpath={.data.${key}}`, '--', name] };
}
