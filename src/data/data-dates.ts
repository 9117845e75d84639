import { calendars } from './distro-calendars.ts';
import { NETWORK_AGENTS_DATE } from './network-agents.ts';
import { rbacBaselines } from './rbac-bootstrap.ts';

/** Until when each of the program's own fact tables is known to be complete, by table. */
export function dataDates(): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.values(calendars).map(({ id, dataFreshThrough }) => [`support-${id}`, dataFreshThrough])),
    ...Object.fromEntries(rbacBaselines.map(({ of, date }) => [`rbac-bootstrap ${of}`, date])),
    'network-agents': NETWORK_AGENTS_DATE,
  };
}
