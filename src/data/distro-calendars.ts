import { upstreamCalendar } from './releases.ts';
import type { CalendarId, CalendarRow, SupportCalendar, SupportPhase } from './support-calendar.ts';

/*
 * Calendars of suppliers that keep minors longer or shorter than upstream does. All from endoflife.date at commit
 * a70eca33 of 2026-08-22 (products/amazon-eks.md, google-kubernetes-engine.md, azure-kubernetes-service.md and
 * red-hat-openshift.md); AKS 1.37 from MicrosoftDocs/azure-aks-docs, articles/aks/supported-kubernetes-versions.md at
 * fb060abe of 2026-08-21, where its release was planned for October 2026.
 */
const dataFreshThrough = '2026-08-22';

type Table<Row> = readonly [Row, ...Row[]];

/** Extended support follows by itself and is charged; then the control plane is upgraded, nodes are not. */
const EKS: Table<readonly [minor: string, standardUntil: string, extendedUntil: string]> = [
  ['1.36', '2027-08-02', '2028-08-02'],
  ['1.35', '2027-03-27', '2028-03-27'],
  ['1.34', '2026-12-02', '2027-12-02'],
  ['1.33', '2026-07-29', '2027-07-29'],
  ['1.32', '2026-03-23', '2027-03-23'],
  ['1.31', '2025-11-26', '2026-11-26'],
  ['1.30', '2025-07-23', '2026-07-23'],
  ['1.29', '2025-03-23', '2026-03-23'],
  ['1.28', '2024-11-26', '2025-11-26'],
  ['1.27', '2024-07-24', '2025-07-24'],
  ['1.26', '2024-06-11', '2025-06-11'],
  ['1.25', '2024-05-01', '2025-05-01'],
  ['1.24', '2024-01-31', '2025-01-31'],
  ['1.23', '2023-10-11', '2024-10-11'],
  ['1.22', '2023-06-04', '2024-09-01'],
  ['1.21', '2023-02-16', '2024-07-15'],
];

/**
 * The Extended channel exists from 1.27; its support lasts up to 24 months from the first date (cloud.google.com/kubernetes-engine/versioning), which is all that is known
 * of its end. The channel of a cluster is not visible through the Kubernetes API.
 */
const GKE: Table<readonly [minor: string, inRegularChannel: string, standardUntil: string]> = [
  ['1.36', '2026-06-09', '2027-08-09'],
  ['1.35', '2026-02-11', '2027-04-11'],
  ['1.34', '2025-09-30', '2026-10-01'],
  ['1.33', '2025-06-03', '2026-08-03'],
  ['1.32', '2025-02-11', '2026-04-11'],
  ['1.31', '2024-10-25', '2026-01-16'],
  ['1.30', '2024-07-31', '2025-09-30'],
  ['1.29', '2024-01-26', '2025-04-12'],
  ['1.28', '2023-12-04', '2025-02-04'],
  ['1.27', '2023-06-15', '2024-10-01'],
  ['1.26', '2023-03-31', '2024-06-30'],
  ['1.25', '2022-12-14', '2024-03-30'],
  ['1.24', '2022-06-23', '2023-10-31'],
  ['1.23', '2022-05-03', '2023-07-31'],
  ['1.22', '2022-03-07', '2023-04-30'],
  ['1.21', '2021-10-01', '2023-01-31'],
];

/** Long-term support exists from 1.27, with the Premium tier and a support plan. */
const AKS: Table<readonly [minor: string, communityUntil: string, longTermUntil?: string]> = [
  ['1.37', '2027-10-31', '2028-10-31'],
  ['1.36', '2027-06-30', '2028-06-30'],
  ['1.35', '2027-03-31', '2028-03-31'],
  ['1.34', '2026-11-30', '2027-11-30'],
  ['1.33', '2026-07-31', '2027-07-31'],
  ['1.32', '2026-03-31', '2027-03-31'],
  ['1.31', '2025-11-01', '2026-11-30'],
  ['1.30', '2025-08-22', '2026-07-31'],
  ['1.29', '2025-03-31', '2026-04-30'],
  ['1.28', '2025-01-31', '2026-02-28'],
  ['1.27', '2024-07-31', '2025-07-31'],
  ['1.26', '2024-04-11'],
  ['1.25', '2024-01-14'],
  ['1.24', '2023-07-31'],
  ['1.23', '2023-04-02'],
  ['1.22', '2022-12-04'],
  ['1.21', '2022-07-31'],
];

/** Kubernetes minor is OpenShift minor + 13. Some even minors have extended update support as well. */
const OPENSHIFT: Table<readonly [minor: string, product: string, fullUntil: string, maintenanceUntil: string, eusUntil?: string]> = [
  ['1.35', '4.22', '2026-12-31', '2027-12-31'],
  ['1.34', '4.21', '2026-09-09', '2027-08-03'],
  ['1.33', '4.20', '2026-05-03', '2027-04-21'],
  ['1.32', '4.19', '2026-01-21', '2026-12-17'],
  ['1.31', '4.18', '2025-09-17', '2026-08-25', '2027-02-25'],
  ['1.30', '4.17', '2025-05-25', '2026-04-01'],
  ['1.29', '4.16', '2025-01-01', '2025-12-27', '2026-06-27'],
  ['1.28', '4.15', '2024-09-27', '2025-08-27'],
  ['1.27', '4.14', '2024-05-27', '2025-05-01', '2025-10-31'],
  ['1.26', '4.13', '2024-01-31', '2024-11-17'],
  ['1.25', '4.12', '2023-08-17', '2024-07-17', '2025-01-17'],
  ['1.24', '4.11', '2023-04-17', '2024-02-10'],
  ['1.23', '4.10', '2022-11-10', '2023-09-10'],
  ['1.22', '4.9', '2022-06-10', '2023-04-18'],
  ['1.21', '4.8', '2022-01-27', '2023-01-27', '2023-04-27'],
];

const eksCalendar = calendar('eks', 'Amazon EKS', 'endoflife.date/amazon-eks', EKS, ([minor, standard, extended]) => ({
  minor,
  phases: [
    { name: 'standard support', until: standard },
    { name: 'extended support', until: extended, paid: true },
  ],
}));

const gkeCalendar = calendar('gke', 'Google Kubernetes Engine', 'endoflife.date/google-kubernetes-engine', GKE, row => {
  const [minor, regular, standard] = row;
  const phase = { name: 'standard support', until: standard };
  if (Number(minor.slice(2)) < 27) return { minor, phases: [phase] };
  const extended = {
    name: 'extended support',
    until: yearsAfter(regular, 2),
    onlyWith: 'the Extended release channel',
    atMost: 'up to 24 months from availability in the Regular channel',
  };
  return { minor, phases: [phase, extended] };
});

const aksCalendar = calendar('aks', 'Azure Kubernetes Service', 'endoflife.date/azure-kubernetes-service', AKS, row => {
  const [minor, community, longTerm] = row;
  const phase = { name: 'community support', until: community };
  if (longTerm === undefined) return { minor, phases: [phase] };
  return { minor, phases: [phase, { name: 'long-term support', until: longTerm, onlyWith: 'the LongTermSupport plan of the Premium tier' }] };
});

const openshiftCalendar = calendar('openshift', 'Red Hat OpenShift', 'endoflife.date/red-hat-openshift', OPENSHIFT, row => {
  const [minor, product, full, maintenance, extended] = row;
  const regular: [SupportPhase, SupportPhase] = [{ name: 'full support', until: full }, { name: 'maintenance', until: maintenance }];
  const eus = (until: string): SupportPhase => ({ name: 'extended update support', until, onlyWith: 'an Extended Update Support subscription' });
  return { minor, product: `OpenShift ${product}`, phases: extended === undefined ? regular : [...regular, eus(extended)] };
});

/** Every calendar this program has, by id. */
export const calendars: Readonly<Record<CalendarId, SupportCalendar>> = {
  upstream: upstreamCalendar,
  eks: eksCalendar,
  gke: gkeCalendar,
  aks: aksCalendar,
  openshift: openshiftCalendar,
};

function calendar<T>(
  id: CalendarId,
  title: string,
  source: string,
  facts: Table<T>,
  rowOf: (fact: T) => CalendarRow,
): SupportCalendar {
  const [newest, ...older] = facts;
  return { id, title, dataFreshThrough, source, rows: [rowOf(newest), ...older.map(rowOf)] };
}

function yearsAfter(day: string, years: number): string {
  return `${Number(day.slice(0, 4)) + years}${day.slice(4)}`;
}
