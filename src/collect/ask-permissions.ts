import type { ApiClient } from '../cluster/api-client.ts';
import { RequestFailure } from '../cluster/api-client.ts';
import type { Permission } from '../evidence/gap.ts';
import { isRecord } from './read-list.ts';

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** What the API server says of one right of the caller. `unknown` carries why it would not say. */
export type PermissionAnswer =
  | { readonly permission: Permission; readonly allowed: boolean }
  | { readonly permission: Permission; readonly unknown: string };

/**
 * Asks the API server, for each right, whether the caller has it. Self reviews: nothing is stored, nobody else is asked
 * about.
 * @param namespace where namespaced rights are wanted; absent means in all namespaces
 */
export function askPermissions(client: ApiClient, permissions: readonly Permission[], namespace?: string): Promise<PermissionAnswer[]> {
  return Promise.all(permissions.map(permission => askOne(client, permission, namespace)));
}

async function askOne(client: ApiClient, permission: Permission, namespace: string | undefined): Promise<PermissionAnswer> {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: attributesOf(permission, namespace) };
  try {
    const answer = await client.selfReview(PATH, body);
    if (answer.status !== 200 && answer.status !== 201) return { permission, unknown: `the API server answered ${answer.status}` };
    const review: unknown = JSON.parse(answer.body);
    const status = isRecord(review) && isRecord(review['status']) ? review['status'] : {};
    if (typeof status['allowed'] !== 'boolean') return { permission, unknown: 'the API server gave no answer' };
    // An authorizer that failed has not said no.
    if (!status['allowed'] && typeof status['evaluationError'] === 'string' && status['evaluationError'] !== '') {
      return { permission, unknown: 'an authorizer failed while it was asked' };
    }
    return { permission, allowed: status['allowed'] };
  } catch (error) {
    if (error instanceof RequestFailure) return { permission, unknown: error.message };
    if (error instanceof SyntaxError) return { permission, unknown: 'the answer is not JSON' };
    throw error;
  }
}

function attributesOf(permission: Permission, namespace: string | undefined): object {
  if ('nonResourceURL' in permission) {
    return { nonResourceAttributes: { path: permission.nonResourceURL, verb: permission.verb } };
  }
  const { apiGroup, resource, verb, resourceName } = permission;
  const within = permission.namespace ?? namespace;
  return {
    resourceAttributes: {
      group: apiGroup,
      resource,
      verb,
      ...(resourceName === undefined ? {} : { name: resourceName }),
      ...(within === undefined ? {} : { namespace: within }),
    },
  };
}
