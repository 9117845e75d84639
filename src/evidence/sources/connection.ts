import type { ConfiguredConnection } from '../configured-connection.ts';
import type { Source } from '../source.ts';

/** The certificates of the kubeconfig that this run uses. */
export const configuredConnection: Source<ConfiguredConnection> = {
  type: 'source',
  id: 'configuredconnection',
  title: 'certificates of the kubeconfig',
  projectionVersion: 1,
  read: { how: 'configured' },
  permissions: [],
  skippedWithNamespace: false,
};
