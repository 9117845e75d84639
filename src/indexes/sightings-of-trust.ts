import { attempt, defineIndex } from '../evidence/need.ts';
import { clientTrust, clusterInfo, kubeRootCa } from '../evidence/sources/pki.ts';
import { joined, sightingsIn, sightingsOf, type Place, type Sightings } from './certificate-sighting.ts';

/** Authorities that the cluster publishes in ConfigMaps: those of its API servers, of their clients and of their proxies. */
export const sightingsOfTrust = defineIndex({
  id: 'sightings-of-trust',
  needs: { rootCa: attempt(kubeRootCa), joinInfo: attempt(clusterInfo), trust: attempt(clientTrust) },
  build({ rootCa, joinInfo, trust }): Sightings {
    return joined([
      ...([
        ["the API server's authority for programs in the cluster", kubeRootCa, rootCa, 'kube-system', 'kube-root-ca.crt', '{.data.ca\\.crt}'],
        ["the API server's authority for new nodes", clusterInfo, joinInfo, 'kube-public', 'cluster-info', '{.data.kubeconfig}'],
      ] as const).map(([of, source, attempted, namespace, name, jsonpath]) => sightingsOf(of, source, attempted, map =>
        map.exists ? [sightingsIn(map, { as: 'trustedForServer', ...configMap(namespace, name, jsonpath) }, 'certificates')] : [])),
      sightingsOf('authorities of client certificates', clientTrust, trust, map => {
        if (!map.exists) return [];
        const at = (key: string): ReturnType<typeof configMap> => configMap('kube-system', 'extension-apiserver-authentication', `{.data.${key}}`);
        return [
          sightingsIn(map.clientAuthorities, { as: 'trustedForClients', ...at('client-ca-file') }, 'client-ca-file'),
          sightingsIn(map.frontProxyAuthorities, { as: 'trustedForProxies', ...at('requestheader-client-ca-file') }, 'requestheader-client-ca-file'),
        ];
      }),
    ]);
  },
});

function configMap(namespace: string, name: string, jsonpath: string): Pick<Place, 'where' | 'resource' | 'shown'> {
  return {
    where: `ConfigMap ${namespace}/${name}`,
    resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name },
    shown: { reproduce: ['kubectl', 'get', 'configmaps', '-n', namespace, '-o', `jsonpath=${jsonpath}`, '--', name] },
  };
}
