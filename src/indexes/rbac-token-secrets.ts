import { leg } from '../data/escalation/primitive.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { tokenSecrets } from '../evidence/sources/workloads.ts';
import { hasLeg, ruleCompiler, steps, stepsOf, type Mask } from './rbac-capabilities.ts';
import type { Grant } from './rbac-grants.ts';

/** A Secret with a token of a service account, which whoever reads it has for ever. */
export interface TokenSecret {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
}

/** Undefined where they could not be read, and why. */
export interface TokenSecrets {
  readonly secrets: readonly TokenSecret[] | undefined;
  readonly gaps: readonly Gap[];
}

export const rbacTokenSecrets = defineIndex({
  id: 'rbac-token-secrets',
  needs: { read: attempt(tokenSecrets) },
  build({ read }): TokenSecrets {
    if ('gaps' in read) return { secrets: undefined, gaps: read.gaps };
    const secrets = read.value.flatMap(({ metadata: { namespace = '', name, annotations: serviceAccount } }) => (serviceAccount === undefined ? [] : [{ namespace, name, serviceAccount }]));
    // Which of two equal ways is shown must not hang on the order of a list.
    return { secrets: secrets.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name)), gaps: [] };
  },
});

const secretsLeg = leg('', 'secrets', 'list watch');
const compileOnce = ruleCompiler();
/** By what they hold: whether it reads Secrets, and runs or becomes none of the accounts whose tokens may lie there. */
const known = new WeakMap<Mask, boolean>();

/** Whether rules read Secrets, or some of them, without another way to the service accounts of the namespace. */
export function readsMereSecrets({ rules, namespace }: Pick<Grant, 'rules' | 'namespace'>): boolean {
  const { cluster, namespace: inNamespace, named } = compileOnce(rules);
  const mask = namespace === undefined ? cluster : inNamespace;
  let answer = known.get(mask);
  if (answer === undefined) known.set(mask, (answer = hasLeg(mask, secretsLeg) && !stepsOf(mask).some(at => OTHER_WAYS.has(steps[at]?.gains ?? ''))));
  return answer || named.some(({ step }) => step === 'secrets-list');
}

const OTHER_WAYS: ReadonlySet<string> = new Set(['all-rights', 'namespace-rights', 'namespace-admin', 'any-service-account', 'service-accounts', 'pods']);

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
