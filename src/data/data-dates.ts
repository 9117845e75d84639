import { calendars } from './distro-calendars.ts';
import { NETWORK_AGENTS_DATE } from './network-agents.ts';
import { rbacBaselines } from './rbac-bootstrap.ts';

/** Until when each of the program's own fact tables is known to be complete, by table. */
export function dataDates(): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.values(calendars).map(({ id, dataFreshThrough }) => [`support-${id}`, dataFreshThrough])),
    ...Object.fromEntries([...Map.groupBy(rbacBaselines, ({ of }) => of.split(' ')[0] ?? '')].flatMap(([program, [first, ...others]]) => {
      const last = others.filter(({ of }) => isVersion(of)).at(-1);
      return first === undefined ? [] : [[`rbac-bootstrap ${first.of}${last === undefined ? '' : ` to ${last.of.slice(program.length + 1)}`}`, [first, ...others].map(({ date }) => date).sort()[0]]];
    })),
    'network-agents': NETWORK_AGENTS_DATE,
  };
}

/** Not one of a version with other feature gates than its own. */
function isVersion(of: string): boolean {
  return /^\S+ [\d.]+$/.test(of);
}
