import { attempt, defineIndex } from '../evidence/need.ts';
import { seenOf } from './certificate-inventory.ts';
import type { CertificateRole, RoleId } from './certificate-role.ts';
import { certificateRoles } from './certificate-roles.ts';
import { certificateSettings, type ProgramStart } from './certificate-settings.ts';
import { deviationOf, hasStandard } from './certificate-standard.ts';
import { flaggedFiles } from './file-flags.ts';

/** Two components with one key, of which no name says whose it is. */
export interface BorrowedKey {
  readonly row: CertificateRole;
  /** The next that has it, by role and node. */
  readonly other: CertificateRole;
}

/** A file that flags give to several components, of which not each was seen with it. */
export interface BorrowedFile {
  readonly path: string;
  /** Those that should differ. */
  readonly flags: readonly [GivenBy, ...GivenBy[]];
}

/** A flag of one program. */
interface GivenBy {
  readonly start: ProgramStart;
  /** Without dashes. */
  readonly flag: string;
}

/** Certificates that serve several components. */
export interface BorrowedCertificates {
  readonly keys: readonly BorrowedKey[];
  readonly files: readonly BorrowedFile[];
}

/**
 * Roles that installers give one certificate on purpose: both sides of an etcd (kubespray), of a kubelet and of the other
 * components, and the clients of etcd, who have the same rights there.
 */
const TOGETHER: readonly (readonly RoleId[])[] = [
  ['etcd-server', 'etcd-peer'], ['apiserver-etcd-client', 'etcd-healthcheck-client'], ['kubelet-client', 'kubelet-serving'],
  ['controller-manager-client', 'controller-manager-serving'], ['scheduler-client', 'scheduler-serving'],
];

/** Two nodes with one key in one role are another matter (shared-serving-keys.ts), and a login is whoever logs in. */
function isApart(a: RoleId, b: RoleId): boolean {
  return a !== b && !TOGETHER.some(roles => roles.includes(a) && roles.includes(b));
}

export const borrowedCertificates = defineIndex({
  id: 'borrowed-certificates',
  needs: { certificates: certificateRoles, settings: attempt(certificateSettings) },
  build({ certificates: { roles, inventory }, settings }): BorrowedCertificates {
    const rows = roles.filter(({ role, grade, certificate }) => grade === 'exact' && certificate !== undefined && hasStandard(role) && role !== 'admin' && role !== 'super-admin');
    // Where a name says whose it is, that is what is wrong, with the one that bears it.
    const bearers = rows.flatMap(row => {
      const certificate = seenOf(inventory, row.certificate)?.certificate;
      const deviation = certificate && deviationOf(row.role, certificate.commonName ?? '', certificate.organizations, row.instance);
      return certificate === undefined || (deviation !== undefined && deviation.kind !== 'groups') ? [] : [{ row, key: certificate.publicKeySha256 }];
    });
    const keys = [...Map.groupBy(bearers, ({ key }) => key).values()].flatMap((group): BorrowedKey[] => group.flatMap(({ row }, at) => {
      const other = group.slice(at + 1).find(later => isApart(row.role, later.row.role))?.row;
      return other === undefined ? [] : [{ row, other }];
    }));
    const starts = 'value' in settings ? settings.value.starts : [];
    // Which node the one that answered /flagz runs on is not known: it is by itself.
    const given = [...Map.groupBy(starts, ({ node, of }) => node ?? of).values()].flatMap(own => [...Map.groupBy(own.flatMap(start => flaggedFiles(start).map(file => ({ start, ...file }))), ({ path }) => path)]);
    const files = given.flatMap(([path, all]): BorrowedFile[] => {
      const own = all.filter(({ role }) => hasStandard(role));
      const apart = own.filter(({ role }) => own.some(other => isApart(role, other.role)));
      // Where the certificates themselves were seen, they are what is found.
      const isSeen = apart.every(({ role, start: { node } }) => rows.some(row => row.role === role
        && (node === undefined || seenOf(inventory, row.certificate)?.sightings.some(sighting => sighting.role === role && sighting.node === node) === true)));
      const [first, ...more] = apart.map(({ start, flag }) => ({ start, flag }));
      return first === undefined || isSeen ? [] : [{ path, flags: [first, ...more] }];
    });
    return { keys, files };
  },
});
