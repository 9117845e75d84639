import { ICEKUBE, KUBESPLAINING, primitive, RBAC_DOCS, type EscalationPrimitive } from './primitive.ts';

const accounts = 'https://kubernetes.io/docs/concepts/security/service-accounts/';

/** What makes a grant worse by who holds it. No right makes these; checks and views look at the subject. */
export const subjectPrimitives: readonly EscalationPrimitive[] = [
  primitive('anonymous-holder', 'use a right without a login', [], 'disclosure', ['critical', 'critical'], { condition: 'bound to system:anonymous or system:unauthenticated, beyond version, health and what kubeadm shows to joining nodes', references: [RBAC_DOCS] }),
  primitive('everybody-holder', 'use a right by any login', [], 'delegation', ['critical', 'high'], { condition: 'bound to system:authenticated, beyond discovery and questions about oneself; on some platforms any account of the cloud is one', references: [RBAC_DOCS] }),
  primitive('every-pod-holder', 'use a right from any pod', [], 'delegation', ['critical', 'high'], { condition: 'bound to system:serviceaccounts or to those of a namespace', references: [accounts] }),
  primitive('default-account-holder', 'use a right from pods that name no service account', [], 'delegation', ['high', 'medium'], { condition: 'bound to the default service account of a namespace whose pods mount its token', references: [accounts] }),
  primitive('node-group-holder', 'read Secrets of every node from one', [], 'disclosure', ['high', 'high'], { condition: 'system:nodes is bound to system:node or to Secrets, past the node authorizer', scope: 'cluster', references: ['https://kubernetes.io/docs/reference/access-authn-authz/node/'] }),
  primitive('every-node-holder', 'use a right from any node', [], 'delegation', ['high', 'medium'], { condition: 'bound to the service account of a pod that runs on every node', references: [ICEKUBE] }),
  primitive('direct-user', 'keep a right past the end of a job', [], 'persistence', ['low', 'low'], { condition: 'a user is bound by name and not by a group', references: [RBAC_DOCS] }),
  primitive('unused-account', 'use a right that nothing uses', [], 'persistence', ['low', 'low'], { condition: 'bound to a service account that no pod runs as', references: [KUBESPLAINING] }),
  primitive('idle-token', 'find a token that its pod does not need', [], 'credentials', ['low', 'info'], { condition: 'the token of a service account without rights is mounted', references: [accounts] }),
  primitive('deleted-namespace', 'gain a right by creating a namespace again', [], 'persistence', ['low', 'low'], { condition: 'bound to a service account of a namespace that does not exist', references: [KUBESPLAINING] }),
  primitive('growing-wildcard', 'gain rights as the cluster gains resources', [], 'delegation', ['medium', 'low'], { condition: 'a star in a rule stands for few things today', references: [RBAC_DOCS] }),
  primitive('old-default', 'keep what older versions gave', [], 'persistence', ['medium', 'medium'], { condition: 'a built-in role or binding still has what newer versions no longer give', references: [RBAC_DOCS] }),
];
