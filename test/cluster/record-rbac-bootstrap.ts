/**
 * Writes src/data/rbac-bootstrap.json: the roles and bindings that a kube-apiserver makes by itself, as a real bare one
 * has them. The file holds one recording a minor version; running again replaces that version's. Versions that cannot be run here
 * come from derive-rbac-bootstrap.ts.
 *
 * `node test/cluster/record-rbac-bootstrap.ts [DIRECTORY]`: kube-apiserver and kube-controller-manager are taken from the
 * directory, for another version than that of the test suites.
 */
import path from 'node:path';
import type { RbacBaseline } from '../../src/data/rbac-bootstrap.ts';
import { startApiServer } from './api-server.ts';
import { writeBaselines } from './rbac-baseline-file.ts';

interface Item {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: RbacBaseline['roles'][number]['rules'];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly (RbacBaseline['bindings'][number]['subjects'][number] & { readonly apiGroup?: string })[];
}

const [directory] = process.argv.slice(2);
const binaries = directory === undefined ? {} : {
  'kube-apiserver': path.resolve(directory, 'kube-apiserver'),
  'kube-controller-manager': path.resolve(directory, 'kube-controller-manager'),
};
// With a controller manager, since the rules of admin, edit and view are put together by it.
await using ground = await startApiServer({ controllerManager: true, binaries });

async function list(resource: string): Promise<Item[]> {
  const { stdout, stderr, code } = await ground.kubectl(['get', resource, '-A', '-o', 'json']);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { items: Item[] }).items;
}

const { stdout } = await ground.kubectl(['get', '--raw', '/version']);
const version = (JSON.parse(stdout) as { gitVersion: string }).gitVersion.replace(/^v/, '');
const roles = [
  ...(await list('clusterroles')).map(item => ({ kind: 'ClusterRole' as const, ...item })),
  ...(await list('roles')).map(item => ({ kind: 'Role' as const, ...item })),
].map(({ kind, metadata: { name, namespace }, rules }) => ({ kind, ...(namespace === undefined ? {} : { namespace }), name, rules: rules ?? [] }));
const bindings = [
  ...(await list('clusterrolebindings')).map(item => ({ kind: 'ClusterRoleBinding' as const, ...item })),
  ...(await list('rolebindings')).map(item => ({ kind: 'RoleBinding' as const, ...item })),
].map(({ kind, metadata: { name, namespace }, roleRef, subjects }) => ({
  kind,
  ...(namespace === undefined ? {} : { namespace }),
  name,
  roleRef: { kind: roleRef!.kind, name: roleRef!.name },
  subjects: (subjects ?? []).map(({ apiGroup: _, ...subject }) => subject),
}));

const recording: RbacBaseline = { of: `kube-apiserver ${version}`, date: new Date().toISOString().slice(0, 10), roles, bindings };
writeBaselines([recording]);
process.stdout.write(`${recording.of}: ${roles.length} roles, ${bindings.length} bindings\n`);
