import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { pods, serviceAccounts } from '../evidence/sources/workloads.ts';
import { accountOf, isTokenMounted } from './rbac-surroundings.ts';

/** Which service accounts there are, and what runs as them; accounts are `NAMESPACE/NAME`. */
export interface AccountUse {
  readonly existing: ReadonlySet<string> | undefined;
  /** Those that some pod runs as, whether its token is mounted or not. */
  readonly running: ReadonlySet<string> | undefined;
  /** In how many pods the token of each lies; an account that could not be read counts as one that has it mounted. */
  readonly holding: ReadonlyMap<string, number> | undefined;
  /** Those that pods of a DaemonSet run as, with the name of one. */
  readonly onEveryNode: ReadonlyMap<string, string> | undefined;
  /** Why something is undefined. */
  readonly unread: { readonly accounts: readonly Gap[]; readonly pods: readonly Gap[] };
  /** Nothing runs at all, so that accounts that are in use cannot be told from others. One namespace of a run may well be without a pod. */
  readonly isIdle: boolean;
}

export const rbacAccountUse = defineIndex({
  id: 'rbac-account-use',
  needs: { pods: attempt(pods), accounts: attempt(serviceAccounts) },
  build({ pods: read, accounts }, { namespace: only }): AccountUse {
    const unmounted = new Set('value' in accounts ? accounts.value.filter(each => each.automountServiceAccountToken === false).map(({ metadata: { namespace = '', name } }) => `${namespace}/${name}`) : []);
    const running = 'value' in read ? read.value.map(pod => {
      const { namespace, name } = accountOf(pod);
      return { account: `${namespace}/${name}`, daemonSet: pod.metadata.ownerReferences, isMounted: isTokenMounted(pod, unmounted) };
    }) : undefined;
    const ofDaemonSets = running?.flatMap(({ account, daemonSet }) => (daemonSet === undefined ? [] : [[account, daemonSet] as const]));
    return {
      existing: 'value' in accounts ? new Set(accounts.value.map(({ metadata: { namespace = '', name } }) => `${namespace}/${name}`)) : undefined,
      running: running && new Set(running.map(({ account }) => account)),
      holding: running && new Map([...Map.groupBy(running.filter(({ isMounted }) => isMounted), ({ account }) => account)].map(([account, all]) => [account, all.length])),
      // The first by name: the order of a list must not show.
      onEveryNode: ofDaemonSets && new Map(ofDaemonSets.toSorted(([, a], [, b]) => (a < b ? 1 : -1))),
      unread: { accounts: 'gaps' in accounts ? accounts.gaps : [], pods: 'gaps' in read ? read.gaps : [] },
      isIdle: running?.length === 0 && only === undefined,
    };
  },
});
