import type { CalendarRow, SupportCalendar } from './support-calendar.ts';

type Release = readonly [minor: string, released: string, activeUntil: string, endOfLife: string, latestPatch: string, patched: string];

/**
 * Upstream minor releases. From kubernetes.io/releases (pages of 1.35 to 1.37 as of mid September 2026) and
 * endoflife.date, products/kubernetes.md at commit a70eca33 of 2026-08-22. A planned minor is not in the table: until
 * it is released it is newer than this data.
 */
const RELEASES: readonly [Release, ...Release[]] = [
  ['1.37', '2026-08-26', '2027-08-28', '2027-10-28', '1.37.1', '2026-09-15'],
  ['1.36', '2026-04-22', '2027-04-28', '2027-06-28', '1.36.4', '2026-08-20'],
  ['1.35', '2025-12-17', '2026-12-28', '2027-02-28', '1.35.9', '2026-09-15'],
  ['1.34', '2025-08-27', '2026-08-27', '2026-10-27', '1.34.11', '2026-08-20'],
  ['1.33', '2025-04-23', '2026-04-28', '2026-06-28', '1.33.13', '2026-06-11'],
  ['1.32', '2024-12-11', '2025-12-28', '2026-02-28', '1.32.13', '2026-02-26'],
  ['1.31', '2024-08-13', '2025-08-28', '2025-11-11', '1.31.14', '2025-11-11'],
  ['1.30', '2024-04-17', '2025-04-28', '2025-07-15', '1.30.14', '2025-06-17'],
  ['1.29', '2023-12-13', '2024-12-28', '2025-02-28', '1.29.15', '2025-03-11'],
  ['1.28', '2023-08-15', '2024-08-28', '2024-10-28', '1.28.15', '2024-10-22'],
  ['1.27', '2023-04-11', '2024-04-28', '2024-06-28', '1.27.16', '2024-07-17'],
  ['1.26', '2022-12-08', '2023-12-28', '2024-02-28', '1.26.15', '2024-03-14'],
  ['1.25', '2022-08-23', '2023-08-27', '2023-10-27', '1.25.16', '2023-11-15'],
  ['1.24', '2022-05-03', '2023-05-28', '2023-07-28', '1.24.17', '2023-08-23'],
  ['1.23', '2021-12-07', '2022-12-28', '2023-02-28', '1.23.17', '2023-02-22'],
  ['1.22', '2021-08-04', '2022-08-28', '2022-10-28', '1.22.17', '2022-12-08'],
  ['1.21', '2021-04-08', '2022-04-28', '2022-06-28', '1.21.14', '2022-06-15'],
  ['1.20', '2020-12-08', '2021-12-28', '2022-02-28', '1.20.15', '2022-01-19'],
  ['1.19', '2020-08-26', '2021-08-28', '2021-10-28', '1.19.16', '2021-10-27'],
];

/** The Kubernetes project's own support: fourteen months a minor, the last two for maintenance only. */
export const upstreamCalendar: SupportCalendar = {
  id: 'upstream',
  title: 'upstream Kubernetes',
  dataFreshThrough: '2026-09-15',
  source: 'kubernetes.io/releases and endoflife.date/kubernetes',
  rows: [rowOf(RELEASES[0]), ...RELEASES.slice(1).map(rowOf)],
};

function rowOf([minor, , activeUntil, endOfLife, latestPatch]: Release): CalendarRow {
  return {
    minor,
    latestPatch,
    phases: [
      { name: 'active support', until: activeUntil },
      { name: 'maintenance', until: endOfLife },
    ],
  };
}
