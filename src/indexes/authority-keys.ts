import { attempt, defineIndex } from '../evidence/need.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { clusterIssuers, issuers } from '../evidence/sources/cert-manager.ts';
import { secretNames, tlsSecrets, type TlsSecret } from '../evidence/sources/tls.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type Grant } from './rbac-grants.ts';
import { ruleAllows } from './rbac-matcher.ts';
import { isPublic } from './rbac-public.ts';

/** A Secret that holds the private key of an authority, seen or by what refers to it. */
export interface AuthorityKey {
  readonly secret: ResourceRef & { readonly namespace: string };
  /** What the authority is there for, to be read after `holds`. */
  readonly words: string;
  /** `seen`: an authority and its key were read. `named`: an issuer signs with what lies there. `kubeadm`: its copy of the control plane's keys, encrypted. */
  readonly how: 'seen' | 'named' | 'kubeadm';
  readonly evidence: EvidenceItem;
  /** Who may read it, beside what the platform itself ships; worst first. */
  readonly readers: readonly Subject[];
  /** Everybody, or every pod, may read it. */
  readonly isPublic: boolean;
  /** When it was made, RFC 3339; where that is known. */
  readonly created?: string;
}

/** Keys of authorities in Secrets, and what may hold more or could not be read. */
export interface AuthorityKeys {
  readonly keys: readonly AuthorityKey[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** Where cert-manager looks for the Secrets of ClusterIssuers unless it is told otherwise (--cluster-resource-namespace). */
const CLUSTER_RESOURCES = 'cert-manager';

type Found = Omit<AuthorityKey, 'readers' | 'isPublic'>;

export const authorityKeys = defineIndex({
  id: 'authority-keys',
  needs: { tls: attempt(tlsSecrets), names: attempt(secretNames), issuers: attempt(issuers), clusterIssuers: attempt(clusterIssuers), rbac: attempt(rbacGrants) },
  build({ tls, names, issuers: own, clusterIssuers: ofCluster, rbac }): AuthorityKeys {
    const seen = 'value' in tls ? tls.value.flatMap(inSecret) : [];
    const named = [
      ...('value' in own ? own.value.flatMap(item => namedBy(refOf(issuers, item), item.spec.ca?.secretName, item.metadata.namespace ?? '')) : []),
      ...('value' in ofCluster ? ofCluster.value.flatMap(item => namedBy(refOf(clusterIssuers, item), item.spec.ca?.secretName, CLUSTER_RESOURCES)) : []),
    ];
    const kubeadm = 'value' in names ? names.value.filter(({ metadata }) => metadata.namespace === 'kube-system' && metadata.name === 'kubeadm-certs').map(ofKubeadm) : [];
    const found = new Map([...named, ...kubeadm, ...seen].map(key => [`${key.secret.namespace}/${key.secret.name}`, key]));
    const grants = 'value' in rbac ? rbac.value.grants : [];
    return {
      keys: [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => ({ ...key, ...readersOf(grants, key.secret) })),
      unread: [
        ...unread('authorities in TLS Secrets', tls), ...unread('whether kubeadm left its keys in kube-system', names), ...unread('Issuers of cert-manager', own), ...unread('ClusterIssuers of cert-manager', ofCluster),
        ...(found.size === 0 ? [] : [...unread('who may read them', rbac), ...('value' in rbac ? [...rbac.value.unread, ...rbac.value.unresolved.map(({ binding, gaps }) => ({ of: `${binding.kind} ${binding.name}`, gaps }))] : [])]),
      ],
    };
  },
});

function inSecret(secret: TlsSecret): Found[] {
  const { data, metadata: { creationTimestamp } } = secret;
  const [first] = data?.chain.certificates ?? [];
  if (data?.key !== 'fits' || first?.isAuthority !== true) return [];
  const { namespace = '', ...ref } = refOf(tlsSecrets, secret);
  return [{
    secret: { ...ref, namespace }, how: 'seen', words: `the authority ${first.commonName ?? first.subject} with its private key`, ...(creationTimestamp === undefined ? {} : { created: creationTimestamp }),
    evidence: { path: 'data.chain.certificates[0].isAuthority', value: true, grade: 'inferred', derivation: 'its first certificate may sign others, and the key beside it fits' },
  }];
}

function namedBy(by: ResourceRef, name: string | undefined, namespace: string): Found[] {
  if (name === undefined || name === '') return [];
  const kinds = by.kind === 'Issuer' ? ['issuers.cert-manager.io', '-n', namespace] : ['clusterissuers.cert-manager.io'];
  return [{
    secret: { apiVersion: 'v1', kind: 'Secret', namespace, name }, how: 'named', words: `the key that ${by.kind} ${by.name} of cert-manager signs with`,
    evidence: { resource: by, path: 'spec.ca.secretName', value: name, grade: 'exact', reproduce: ['kubectl', 'get', ...kinds, '-o', 'jsonpath={.spec.ca.secretName}', '--', by.name] },
  }];
}

function ofKubeadm({ metadata: { name, namespace = '', creationTimestamp } }: NonNullable<(typeof secretNames)['evidence']>[number]): Found {
  return {
    secret: { apiVersion: 'v1', kind: 'Secret', namespace, name }, how: 'kubeadm', words: 'the keys of the control plane for nodes that join it, encrypted with a key that kubeadm printed',
    ...(creationTimestamp === undefined ? {} : { created: creationTimestamp }),
    evidence: { path: 'metadata.name', value: name, grade: 'exact', reproduce: ['kubectl', 'get', 'secrets', '-n', namespace, '-o', 'jsonpath={.metadata.name}', '--', name] },
  };
}

/** Whoever may get it by name, or list or watch the Secrets of its namespace: both give the values. */
function readersOf(grants: readonly Grant[], { namespace, name }: AuthorityKey['secret']): Pick<AuthorityKey, 'readers' | 'isPublic'> {
  const readers = new Map<string, Subject>();
  for (const grant of grants) {
    if ((grant.namespace !== undefined && grant.namespace !== namespace) || platformOf(grant) !== undefined) continue;
    const reads = grant.rules.some(rule => ['get', 'list', 'watch'].some(verb => ruleAllows(rule, { verb, apiGroup: '', resource: 'secrets', ...(verb === 'get' ? { name } : {}) })));
    if (reads) readers.set(formatSubject(grant.subject), grant.subject);
  }
  const all = [...readers].sort(([a, first], [b, second]) => Number(isPublic(second)) - Number(isPublic(first)) || (a < b ? -1 : 1)).map(([, subject]) => subject);
  return { readers: all, isPublic: all.some(isPublic) };
}

function unread(of: string, attempted: { readonly value: unknown } | { readonly gaps: readonly Gap[] }): { readonly of: string; readonly gaps: readonly Gap[] }[] {
  return 'gaps' in attempted ? [{ of, gaps: attempted.gaps }] : [];
}
