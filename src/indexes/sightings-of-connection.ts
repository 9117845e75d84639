import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { apiServerRef, kubeconfigRef } from '../evidence/resource-ref.ts';
import { configuredConnection } from '../evidence/sources/connection.ts';
import { apiServerHandshake, type Handshake } from '../evidence/sources/handshake.ts';
import { firstOf, joined, sightingsIn, sightingsOf, type Found, type SeenAs, type Sightings } from './certificate-sighting.ts';

/** Certificates of the kubeconfig, and those that the API server shows to anybody. */
export const sightingsOfConnection = defineIndex({
  id: 'sightings-of-connection',
  needs: { configured: attempt(configuredConnection), handshake: attempt(apiServerHandshake) },
  build({ configured, handshake }): Sightings {
    const address = 'value' in configured ? configured.value.address : 'HOST:PORT';
    return joined([
      sightingsOf('certificates of the kubeconfig', configuredConnection, configured, ({ place, login, clientCertificate, authorities }) => {
        // Beside a token of another place the certificate is still the kubeconfig's.
        const from = login === 'certificate' || login === 'exec' ? place : 'kubeconfig of this run';
        const at = { where: from, resource: kubeconfigRef, shown: { derivation: `openssl x509 shows what stands in the ${from}` } };
        return [
          sightingsIn(firstOf(clientCertificate), { as: 'login', ...at }, 'client-certificate'),
          sightingsIn(authorities, { as: 'trustedForServer', ...at, where: 'kubeconfig of this run' }, 'certificate-authority'),
        ];
      }),
      sightingsOf('certificates that the API server shows', apiServerHandshake, handshake, shown => [{ found: shownIn(shown, address), broken: [] }]),
    ]);
  },
});

/** Everything that the handshakes showed. */
function shownIn({ serving, loopback, byName }: Handshake, address: string): Found[] {
  const own = serving[0]?.sha256;
  const named = byName.flatMap(shown => ('chain' in shown ? [shown] : []));
  return [
    ...chainOf(serving, 'serving', 'servingAuthority', address, undefined),
    ...named.flatMap(({ serverName, chain }) => chainOf(chain, 'serving', 'servingAuthority', address, serverName)),
    // A server that knows no such name shows what it shows to everybody.
    ...('chain' in loopback && loopback.chain[0]?.sha256 !== own ? chainOf(loopback.chain, 'loopback', 'loopbackAuthority', address, 'apiserver-loopback-client') : []),
  ];
}

function chainOf(chain: readonly KeptCertificate[], leaf: SeenAs, authority: SeenAs, address: string, serverName: string | undefined): Found[] {
  const asked = serverName === undefined ? '' : serverName === '' ? ', asked by address' : `, asked for ${serverName}`;
  const reproduce = ['openssl', 's_client', '-showcerts', '-connect', address, ...(serverName === undefined ? [] : serverName === '' ? ['-noservername'] : ['-servername', serverName])];
  return chain.map((certificate, at) => ({
    as: at === 0 ? leaf : authority,
    certificate,
    where: `handshake with the API server${asked}`,
    resource: apiServerRef,
    path: `chain[${at}]`,
    shown: { reproduce },
    ...(serverName === undefined ? {} : { serverName }),
  }));
}
