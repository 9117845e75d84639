import { Agent, request } from 'node:https';
import { readFileSync } from 'node:fs';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
import type { Identity } from '../../src/indexes/rbac-identity.ts';
import { isResourceRequest, type AccessRequest } from '../../src/indexes/rbac-matcher.ts';
import { snapshotWith, type Manifest } from '../support/cluster.ts';
import type { Ground } from './api-server.ts';

/** The RBAC side of a real API server, asked by a member of system:masters over kept connections. */
export interface RbacServer extends Disposable {
  /** Throws with the server's words where it refuses an object. */
  create(manifest: Manifest): Promise<void>;
  /** The server's own answer. It is waited for nothing: what was just created may not count yet. */
  isAllowed(identity: Identity, request: AccessRequest): Promise<boolean>;
  /** Every role and binding there is, as the sources project them. */
  snapshot(): Promise<Snapshot>;
}

const sources = [clusterRoles, roles, clusterRoleBindings, roleBindings];

export function rbacServer(ground: Ground): RbacServer {
  const { certificate: cert, key } = ground.issueClientCertificate({ user: 'tester', groups: ['system:masters'] });
  const agent = new Agent({ keepAlive: true, maxSockets: 8, cert, key, ca: readFileSync(ground.ca.cluster) });

  function call(method: string, path: string, body?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sent = request(`${ground.url}${path}`, { agent, method, headers: { 'content-type': 'application/json' } }, answer => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => { text += part; });
        answer.on('end', () => {
          if ((answer.statusCode ?? 500) < 300) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${text}`));
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  return {
    async create(manifest) {
      const source = sources.find(each => each.read.kind === manifest.kind);
      const { namespace } = manifest.metadata;
      const where = namespace === undefined ? '' : `/namespaces/${namespace}`;
      const path = source === undefined
        ? `/api/v1/${manifest.kind.toLowerCase()}s`
        : `/apis/rbac.authorization.k8s.io/v1${where}/${source.read.resource}`;
      await call('POST', path, manifest);
    },
    async isAllowed({ user, groups }, asked) {
      const attributes = isResourceRequest(asked)
        ? { resourceAttributes: { ...asked, group: asked.apiGroup, apiGroup: undefined } }
        : { nonResourceAttributes: { verb: asked.verb, path: asked.nonResourceURL } };
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user, groups, ...attributes } };
      const answer = await call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
      return (answer as { status: { allowed: boolean } }).status.allowed;
    },
    async snapshot() {
      const lists = await Promise.all(sources.map(async ({ read: { apiVersion, kind, resource } }) => {
        const { items } = (await call('GET', `/apis/${apiVersion}/${resource}`)) as { items: Manifest[] };
        return items.map(item => ({ ...item, apiVersion, kind }));
      }));
      const { gitVersion, major, minor } = (await call('GET', '/version')) as Readonly<Record<string, string>>;
      return snapshotWith({ sources: { serverversion: { gitVersion, major, minor } } }, ...lists.flat());
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
