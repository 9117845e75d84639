import { stringify } from 'yaml';
import type { Check } from '../checks/define-check.ts';
import type { Source } from '../evidence/source.ts';
import { renderCataloguePage } from './catalogue-page.ts';
import { renderCheckPage } from './check-page.ts';
import { clusterRoleFor } from './cluster-role.ts';
import { renderReadsPage } from './reads-page.ts';

/** Both examples of one check, as their files stand. */
export interface Examples {
  readonly fails: string;
  readonly passes: string;
}

/** Every page and manifest that is made from the catalogue: path from the repository's root, to content. */
export function referenceFiles(
  checks: readonly Check[],
  sources: ReadonlySet<Source>,
  examplesOf: (check: Check) => Examples,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const check of checks) files.set(`docs/checks/${check.id}.md`, renderCheckPage(check, examplesOf(check)));
  files.set('docs/checks/README.md', renderCataloguePage(checks));
  files.set('docs/reads.md', renderReadsPage(sources));
  files.set('deploy/clusterrole.yaml', manifest('What "kubectl secaudit" needs to assess every check, except what the add-on roles beside this file give.', clusterRoleFor('secaudit', sources)));
  files.set(
    'deploy/clusterrole-secrets.yaml',
    manifest(
      'Add-on, only if you want to grant it: lets "kubectl secaudit" count Secrets and see which there are, and with --tls-secrets read those of type kubernetes.io/tls. Without that flag it asks for metadata alone, but RBAC cannot say so: this right gives the values of all Secrets.',
      clusterRoleFor('secaudit-secrets', sources, 'secrets'),
    ),
  );
  files.set(
    'deploy/clusterrole-configmaps.yaml',
    manifest(
      'Add-on for OpenShift, only if you want to grant it: lets "kubectl secaudit" read when the authorities in ConfigMaps end, which stands in their annotations. It asks for metadata alone, but RBAC cannot say so: this right gives the values of all ConfigMaps.',
      clusterRoleFor('secaudit-configmaps', sources, 'configmaps'),
    ),
  );
  files.set(
    'deploy/clusterrole-nodes-proxy.yaml',
    manifest(
      'Add-on, only if you want to grant it: lets "kubectl secaudit" read the settings and metrics of every kubelet through the API server. It sends GET alone, but this right also reaches what runs commands in pods.',
      clusterRoleFor('secaudit-nodes-proxy', sources, 'nodes-proxy'),
    ),
  );
  files.set(
    'deploy/clusterrole-pods-proxy.yaml',
    manifest(
      'Add-on, only if you want to grant it: what "kubectl secaudit --probe-anonymous" takes. It sends GET alone, but this right reaches whatever listens in any pod.',
      clusterRoleFor('secaudit-pods-proxy', sources, 'pods-proxy'),
    ),
  );
  files.set(
    'deploy/clusterrole-pods-portforward.yaml',
    manifest(
      'Add-on, only if you want to grant it: what "kubectl secaudit --tunnel" takes. It makes TLS handshakes and sends nothing more, but this right reaches whatever listens in any pod, and on 127.0.0.1 of any node.',
      clusterRoleFor('secaudit-pods-portforward', sources, 'pods-portforward'),
    ),
  );
  files.set(
    'deploy/clusterrole-node-files.yaml',
    manifest(
      'Add-on, only if you want to grant it: what "kubectl secaudit --node-files" takes in the namespace of its pods. Bind it there alone, with a RoleBinding in kube-system: who may create pods there can become root on every node.',
      clusterRoleFor('secaudit-node-files', sources, 'node-files'),
    ),
  );
  return files;
}

function manifest(comment: string, object: object): string {
  return `# Written by "npm run reference".\n# ${comment}\n${stringify(object, { lineWidth: 0 })}`;
}
