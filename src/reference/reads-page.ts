import { declaredPaths } from '../evidence/fields.ts';
import type { Source } from '../evidence/source.ts';
import { formatPermission } from '../evidence/gap.ts';

/** The page "what secaudit reads": every source, the right it takes, and every field that is kept of it. */
export function renderReadsPage(sources: Iterable<Source>): string {
  const sections = [...sources]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(source => [`## ${source.title}`, rightsWords(source), keptWords(source)].join('\n\n'));
  return `${[
    '# What secaudit reads',
    'Every field that may enter memory as evidence. Anything else is dropped while the answer is parsed. Written by `npm run reference`.',
    'With `-n`, one `GET` of that namespace tells whether it is there. Nothing of it is kept, and it takes no right: who may not look goes on.',
    ...sections,
  ].join('\n\n')}\n`;
}

function rightsWords({ permissions, optIn }: Source): string {
  if (optIn !== undefined && permissions.length > 0) return `- only with \`${optIn.flag}\`\n${permissions.map(each => `- right: \`${formatPermission(each)}\``).join('\n')}`;
  return permissions.length === 0 ? '- right: none' : permissions.map(each => `- right: \`${formatPermission(each)}\``).join('\n');
}

function selectorWords({ labelSelector, fieldSelector }: Extract<Source['read'], { how: 'list' }>): string {
  return `${labelSelector === undefined ? '' : ` labelled \`${labelSelector}\``}${fieldSelector === undefined ? '' : ` with \`${fieldSelector}\``}`;
}

function keptWords({ read }: Source): string {
  switch (read.how) {
    case 'list':
      return `Lists ${read.metadataOnly === true ? 'the metadata of ' : ''}\`${read.resource}\`${selectorWords(read)} and keeps:\n\n${declaredPaths(read.fields)
        .map(path => `- \`${path}\``)
        .join('\n')}`;
    case 'count':
      return `Asks for the metadata of one of the \`${read.resource}\` and the number of the rest, and keeps the number.`;
    case 'get':
      return `One \`GET ${read.path}\`, of which it keeps ${read.keeps}.`;
    case 'node':
      return `One \`GET ${read.path}\` of every kubelet${read.againOf === undefined ? '' : ` (two of the first ${read.againOf})`}, ${
        typeof read.keeps === 'string' ? `of which it keeps ${read.keeps}.` : `of which it keeps:\n\n${declaredPaths(read.keeps).map(path => `- \`${path}\``).join('\n')}`
      }`;
    case 'kubeletProbe':
      return 'Only with `--probe-anonymous`: requests without a credential to each kubelet, `GET /healthz` on port 10250 and on port 10255, and where the first is answered `GET /debug/pprof/cmdline`, through the API server and a pod that shares the network of the node. Keeps the status of the answers and which pod it was.';
    case 'nodeFiles':
      return 'Only with `--node-files`: a pod on each node, which mounts directories of certificates read-only and writes the certificates of their files into its log; keys do not leave it. Each pod is tried with `dryRun` first, created, looked at until it has ended, and deleted, as are pods that an earlier run left. Keeps the paths and the certificates of the files, when they were written, which files a kubeconfig names, the directories, what could not be looked at, and the image.';
    case 'nodePorts':
      return `Only with \`${read.way === 'tunnel' ? '--tunnel' : '--probe-nodes'}\`: TLS handshakes that are given up before a request, with the kubelet of each node and, on control-plane nodes, with the API server, the controller manager, the scheduler and etcd, ${
        read.way === 'tunnel' ? 'through the API server and a pod that shares the network of the node' : "at the node's own address; and requests without a credential to its kubelet, as `--probe-anonymous` sends them"
      }. Keeps the certificates that each shows, whether it asks for or demands a client certificate, the names of the authorities whose client certificates it takes${read.way === 'tunnel' ? ', and which pod it was' : ', the status of the answers, and the address'}.`;
    case 'extensionServers':
      return 'Only with `--tunnel`: TLS handshakes that are given up before a request, through the API server, with up to four ready pods behind each Service that a webhook configuration, an APIService or the conversion of a CustomResourceDefinition names. Keeps the certificates that each shows, and which pod it was.';
    case 'ingressServers':
      return 'Only with `--probe-nodes`: TLS handshakes that are given up before a request, from this machine, with port 443 of each IP address in the status of an Ingress, for each host in its `spec.tls`. Keeps the certificates that each shows.';
    case 'selfReview':
      return `One question about the caller itself (\`${read.resource}\`), which stores nothing. Keeps ${read.keeps}.`;
    case 'configured':
      return 'Asks nobody: keeps the public certificates of the kubeconfig (client certificate and authorities), the name that the server is verified by, and the kind of login.';
    case 'handshake':
      return 'TLS handshakes that are given up before a request, for a few server names, and one `GET /version` without a credential. Keeps the certificates that the server shows, the names of the authorities whose client certificates it takes, and the version.';
  }
}
