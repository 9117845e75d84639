import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { NodeFile, NodeFiles } from '../evidence/node-files.ts';
import { apiServerRef, componentRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { controlPlanePods } from '../evidence/sources/control-plane.ts';
import { nodeFiles } from '../evidence/sources/node-files.ts';
import type { RoleId } from './certificate-role.ts';
import { joined, sightingsIn, type Place, type Sightings, type UnreadCertificates } from './certificate-sighting.ts';
import { nodeFileUses, type NodeFileUses } from './node-file-uses.ts';

/** Certificates in the files of the nodes. */
export const sightingsOfNodeFiles = defineIndex({
  id: 'sightings-of-node-files',
  needs: { files: attempt(nodeFiles), uses: nodeFileUses, pods: attempt(controlPlanePods) },
  build({ files, uses, pods }): Sightings {
    // Without the flag no file was looked at, which the rows of the roles say that only files hold.
    if ('gaps' in files) return { found: [], broken: [], unread: files.gaps.every(({ kind }) => kind === 'notRequested') ? [] : [unread('certificate files of the nodes', files.gaps)] };
    // Without the flags of the programs a file is taken for what its name says, which may be another one than they use.
    const unsure = 'gaps' in pods && files.value.length > 0 ? [unread('which certificate files of the nodes are used', pods.gaps)] : [];
    return joined([{ found: [], broken: [], unread: unsure }, ...files.value.map(each => ('value' in each ? ofNode(each.of, each.value, uses) : { found: [], broken: [], unread: [unread(`certificate files of node ${each.of}`, [each.gap])] }))]);
  },
});

function unread(of: string, gaps: readonly Gap[]): UnreadCertificates {
  return { of, source: nodeFiles, gaps };
}

function ofNode(node: string, { files, unread: paths, isCut }: NodeFiles, uses: NodeFileUses): Sightings {
  const seen = joined(files.flatMap(file => {
    const [first, ...more] = uses.rolesOf(node, file.path);
    // What is no certificate is said once, whatever the file is used for.
    return [...ofFile(file, node, first), ...more.flatMap(role => ofFile(file, node, role).map(({ found }) => ({ found, broken: [] })))];
  }));
  const refused = paths.filter(({ because }) => because === 'refused' || because === 'notMounted').map(({ path }) => path);
  const gaps: Gap[] = [
    ...(refused.length === 0 ? [] : [gap(`the pod may not open ${refused.length === 1 ? 'one path' : `${refused.length} paths`} on it: ${refused.slice(0, 3).join(', ')}${refused.length > 3 ? ', ...' : ''}`)]),
    ...(isCut ? [gap('it has more files than are looked at')] : []),
  ];
  return { ...seen, unread: gaps.length === 0 ? [] : [unread(`certificate files of node ${node}`, gaps)] };
}

function gap(detail: string): Gap {
  return { kind: 'gap', reason: 'truncated', source: nodeFiles.id, detail };
}

function ofFile({ path, kind, certificates, authorities }: NodeFile, node: string, role: RoleId | undefined): Pick<Sightings, 'found' | 'broken'>[] {
  const place: Place = {
    as: role === undefined ? 'kept' : 'used',
    where: `${path} on node ${node}`,
    resource: role === undefined ? nodeRef(node) : resourceOf(role, node),
    shown: { derivation: kind === 'kubeconfig' ? `client-certificate-data of the file ${path} on node ${node}, in base64` : `openssl x509 -noout -text -in ${JSON.stringify(path)}, on node ${node}` },
    node,
    ...(role === undefined ? {} : { role }),
  };
  const own = sightingsIn(certificates, place, 'certificates');
  // Of a chain the first is used, the rest completes it; a bundle of authorities is used as a whole.
  const isChain = role !== undefined && !role.endsWith('-authority');
  const found = isChain ? own.found.map((each, at) => (at === 0 ? each : kept(each, node))) : own.found;
  const trusted: Place = { ...place, shown: { derivation: `certificate-authority-data of the file ${path} on node ${node}, in base64` } };
  return [{ ...own, found }, sightingsIn(authorities, role === undefined ? trusted : { ...kept(trusted, node), as: 'trustedForServer' }, 'certificate-authority-data')];
}

/** The same place without a use. */
function kept<T extends Place>({ role: _role, ...place }: T, node: string): Omit<T, 'role'> & { readonly as: 'kept'; readonly resource: ResourceRef } {
  return { ...place, as: 'kept', resource: nodeRef(node) };
}

function nodeRef(name: string): ResourceRef {
  return { apiVersion: 'v1', kind: 'Node', name };
}

/** Whom a role belongs to, as its rows name it where no file was seen. */
function resourceOf(role: RoleId, node: string): ResourceRef {
  if (role.startsWith('kubelet-')) return nodeRef(node);
  if (role === 'controller-manager-client') return componentRef('kube-controller-manager');
  if (role === 'scheduler-client') return componentRef('kube-scheduler');
  if (role === 'kube-proxy-client') return componentRef('kube-proxy');
  if (role.startsWith('etcd-')) return componentRef('etcd');
  if (role === 'admin' || role === 'super-admin') return nodeRef(node);
  return apiServerRef;
}
