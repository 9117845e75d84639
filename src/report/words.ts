import type { CheckStatus } from '../engine/evaluate.ts';

/** A status as people read it. */
export const STATUS_WORDS: Readonly<Record<CheckStatus, string>> = {
  failed: 'failed',
  passed: 'passed',
  notAssessed: 'not assessed',
  notApplicable: 'not applicable',
  error: 'error',
};

/** `1 check`, `3 checks`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** `12 B`, `3.4 KiB`, `82.1 MiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

/** `in 12 days`, `today`, `3 days ago`. */
export function inDays(days: number): string {
  if (days === 0) return 'today';
  return days > 0 ? `in ${counted(days, 'day')}` : `${counted(-days, 'day')} ago`;
}
