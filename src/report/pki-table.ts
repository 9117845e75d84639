import type { AuditReport } from '../engine/report-model.ts';
import type { Gap } from '../evidence/gap.ts';
import type { CertificateRole, RoleGrade } from '../indexes/certificate-role.ts';
import type { CertificateRow, PkiView } from '../indexes/pki-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paint, type Style } from './style.ts';
import { renderTable, type Column } from './text-table.ts';
import { counted, inDays } from './words.ts';

/** Nodes named in a row; more are counted. */
const NAMED = 2;
/** Columns from which there is room to say where each was seen. */
const WIDE = 120;
/** Columns from which there is room for the bindings of a bearer. */
const WIDEST = 180;
/** Days left from which a row is red. */
const SOON = 30;

const KNOWN: Readonly<Record<RoleGrade, string>> = {
  exact: 'exact', expiryOnly: 'end only', bound: 'bound', inferred: 'likely', notRead: 'not read', notObservable: 'not seen', notUsed: 'not used',
};

/** When every certificate of the cluster ends, how that is known, and who the bearers of client certificates are. */
export function renderPki(report: AuditReport, style: Style): string {
  const view = report.views.pki;
  const sections = [header(report, style)];
  if (view !== undefined && 'roles' in view) sections.push(nextLine(view, style), roleTable(view, style), secretTable(view, style), identityTable(view, style), tokenKeys(view), seeMore(view, style), broken(view), unread(view));
  sections.push(renderFindings(report, style));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

function nextLine({ next }: PkiView, style: Style): string {
  if (next?.daysLeft === undefined || next.notAfter === undefined) return 'No certificate was seen of which the end is known.';
  const verb = next.daysLeft < 0 ? 'Ended' : 'Next to end';
  const line = `${verb}: ${nameOf(next)}, ${inDays(next.daysLeft)} (${next.notAfter.slice(0, 10)})`;
  return paint(style, next.daysLeft < SOON ? ['bold', 'red'] : 'bold', escapeForTerminal(line));
}

function nameOf({ title, instance }: CertificateRole): string {
  return instance === undefined ? title : `${title} (${instance})`;
}

/** Roles that say the same of several nodes. */
interface Row extends CertificateRole {
  readonly instances: readonly string[];
}

function roleTable(view: PkiView, style: Style): string {
  const rows = [...Map.groupBy(view.roles.filter(({ role }) => !role.startsWith('tls-secret')), keyOf).values()].flatMap((same): Row[] => {
    const [first] = same;
    return first === undefined ? [] : [{ ...first, instances: same.flatMap(({ instance }) => instance ?? []) }];
  });
  const columns: Column<Row>[] = [
    { header: 'CERTIFICATE', value: ({ title }) => title, flexible: true },
    { header: 'OF', value: ({ role, instances }) => (instances.length > NAMED ? `${instances.length} ${role === 'rotated' ? 'Secrets' : 'nodes'}` : instances.join(', ')), flexible: true },
    { header: 'ENDS', value: endsOf, paint: (text, { daysLeft, grade }) => (daysLeft !== undefined && daysLeft < SOON && grade !== 'inferred' ? paint(style, 'red', text) : text) },
    { header: 'LEFT', value: leftOf },
    { header: 'KNOWN', value: ({ grade }) => KNOWN[grade], paint: (text, { grade }) => (grade === 'notRead' || grade === 'notObservable' ? paint(style, 'yellow', text) : text) },
  ];
  return renderTable(rows, style.width < WIDE ? columns : [...columns, { header: 'FROM', value: ({ how }) => how, flexible: true }], style);
}

/** Kubelets that say the same are one line; of anything else each certificate is. */
function keyOf({ role, grade, notAfter, how, certificate }: CertificateRole): string {
  return JSON.stringify([role, grade, notAfter?.slice(0, 10), role.startsWith('kubelet-') || role === 'rotated' ? (notAfter === undefined ? how : '') : [how, certificate]]);
}

function leftOf({ daysLeft }: CertificateRole): string {
  return daysLeft === undefined ? '' : daysLeft > 0 ? counted(daysLeft, 'day') : inDays(daysLeft);
}

function endsOf({ notAfter, notAfterAtLeast }: CertificateRole): string {
  if (notAfter !== undefined) return notAfter.slice(0, 10);
  return notAfterAtLeast === undefined ? '' : `>= ${notAfterAtLeast.slice(0, 10)}`;
}

/** TLS Secrets, of which there may be thousands: how many, what is wrong, and what ends first. */
function secretTable({ tlsSecrets }: PkiView, style: Style): string {
  if ('gaps' in tlsSecrets) {
    const flag = tlsSecrets.gaps.find(({ flag: named }) => named !== undefined)?.flag;
    return flag === undefined ? '' : escapeForTerminal(`TLS Secrets were not read; ${flag} reads them.`);
  }
  const { secrets, certificates, renewed, expired, faulty, unreferenced, next } = tlsSecrets;
  const words = [
    `${counted(secrets, 'TLS Secret')} with ${counted(certificates, 'certificate')}`,
    ...(renewed === 0 ? [] : [`${renewed} renewed by themselves`]),
    ...(expired === 0 ? [] : [`${expired} expired`]),
    ...(faulty === 0 ? [] : [`${counted(faulty, 'Secret')} with a fault`]),
    ...(unreferenced === undefined || unreferenced.length === 0 ? [] : [`${counted(unreferenced.length, 'Secret')} that no Ingress or Gateway names`]),
  ];
  const columns: Column<CertificateRole>[] = [
    { header: 'IN TLS SECRETS, ENDS NEXT', value: ({ instance }) => instance ?? '', flexible: true },
    { header: 'ENDS', value: endsOf, paint: (text, { daysLeft }) => (daysLeft !== undefined && daysLeft < SOON ? paint(style, 'red', text) : text) },
    { header: 'LEFT', value: leftOf },
    { header: 'WHERE', value: ({ how }) => how, flexible: true },
  ];
  const line = escapeForTerminal(words.join(', '));
  return next.length === 0 ? line : `${line}\n${renderTable(next, columns, style)}`;
}

/** What would tell more than `end only`, `bound`, `likely` or `not seen`, each way once. */
function seeMore({ roles }: PkiView, style: Style): string {
  const ways = Map.groupBy(roles.filter(({ raise }) => raise !== undefined), ({ raise }) => raise ?? '');
  if (ways.size === 0) return '';
  return renderTable(
    [...ways],
    [
      { header: 'TO SEE MORE', value: ([way]) => way, flexible: true },
      { header: 'OF', value: ([, of]) => [...new Set(of.map(({ title }) => title))].join('; '), flexible: true },
    ],
    style,
  );
}

/** What tokens of service accounts are verified by. */
function tokenKeys({ serviceAccountKeys: keys = [] }: PkiView): string {
  if (keys.length === 0) return '';
  const words = keys.map(({ keyType, keyId }) => `${keyType} (${keyId === '' ? 'without a name' : keyId.slice(0, 12)})`);
  return escapeForTerminal(`Tokens of service accounts: ${words.join(', ')}. No key has a date, so nobody can tell how old it is.`);
}

type Bearer = Omit<NonNullable<CertificateRow['identity']>, 'gaps'> & { readonly notAfter: string; readonly gaps?: readonly Gap[] };

function identityTable({ certificates, counted: known }: PkiView, style: Style): string {
  const seen = certificates.flatMap(({ identity, notAfter }): Bearer[] => (identity === undefined ? [] : [{ ...identity, notAfter }]));
  const bearers = oncePerUser([...seen, ...known]);
  // What etcd and the front proxy take is no login here; of a person's own the table says that it is none.
  const rows = bearers.filter(({ isAccepted, standard, groups }) => isAccepted !== false || standard !== undefined || groups.length > 0);
  const others = bearers.filter(bearer => !rows.includes(bearer)).map(({ user }) => user);
  if (bearers.length === 0) return '';
  const narrow: Column<Bearer>[] = [
    { header: 'BEARER', value: ({ user }) => user, flexible: true },
    { header: 'GROUPS', value: ({ groups }) => groups.join(', ') || 'none', flexible: true },
  ];
  const wide: Column<Bearer>[] = style.width < WIDE ? [] : [
    { header: 'IS', value: ({ standard }) => standard ?? 'not a standard identity', flexible: true },
    { header: 'UNTIL', value: ({ notAfter }) => notAfter.slice(0, 10) },
  ];
  const widest: Column<Bearer>[] = style.width < WIDEST ? [] : [{ header: 'BOUND BY', value: boundBy, flexible: true }];
  const table = renderTable(rows, [...narrow, ...wide, ...widest, { header: 'CAN', value: rightOf, flexible: true }], style);
  const noLogins = others.length === 0 ? '' : escapeForTerminal(`No login here, since no authority of client certificates issued them: ${others.join(', ')}`);
  return [rows.length === 0 ? '' : table, noLogins].filter(part => part !== '').join('\n');
}

/** One line for each bearer, whatever number of certificates it has; it ends with the first of them. */
function oncePerUser(bearers: readonly Bearer[]): Bearer[] {
  const groups = Map.groupBy(bearers, ({ user, groups: of, isAccepted }) => JSON.stringify([user, of, isAccepted]));
  return [...groups.values()].flatMap(same => same.toSorted((a, b) => (a.notAfter < b.notAfter ? -1 : 1)).slice(0, 1)).sort((a, b) => (a.user < b.user ? -1 : 1));
}

/** The bindings that name the user or one of the groups of the certificate; those for everybody say nothing of this bearer. */
function boundBy({ bindings }: Bearer): string {
  if (bindings === undefined) return 'not read';
  const own = [...new Set(bindings.rows.filter(({ group }) => group !== 'system:authenticated').map(({ binding }) => binding))];
  const more = own.length > NAMED ? ` and ${own.length - NAMED} more` : '';
  return own.length === 0 ? 'nothing of its own' : `${own.slice(0, NAMED).join(', ')}${more}`;
}

function rightOf({ strongest, wayUp, gaps, isMaster, isAccepted }: Bearer): string {
  if (isAccepted === false) return 'nothing: no authority of client certificates issued it';
  if (isMaster) return 'do anything, and no binding can be taken away';
  if (strongest === undefined && gaps !== undefined) return 'not known: the bindings could not be read';
  if (strongest === undefined) return 'nothing that a binding gives it';
  const where = strongest.namespace === undefined ? '' : ` in namespace ${strongest.namespace}`;
  const through = strongest.binding === undefined ? '' : `, by ${strongest.binding}`;
  const up = wayUp === undefined ? '' : `; and so ${wayUp.can} in ${counted(wayUp.steps.length, 'step')}`;
  return `${gaps === undefined ? '' : 'at least '}${strongest.can}${where}${through}${up}`;
}

function broken({ broken: blocks }: PkiView): string {
  return blocks.map(({ where, path, problem }) => escapeForTerminal(`not a certificate: ${where}, ${path} (${problem})`)).join('\n');
}

function unread({ unread: missing }: PkiView): string {
  return missing.map(({ of, gaps }) => escapeForTerminal(`not read: ${of} (${[...new Set(gaps.map(({ detail }) => detail))].join('; ')})`)).join('\n');
}
