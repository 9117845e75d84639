import type { Check, Finding } from '../checks/define-check.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import { Problem } from '../problem.ts';
import { findCheck } from './select-checks.ts';

/** A finding that somebody has agreed to live with, until a day. */
export interface Exception {
  readonly check: string;
  /** `Kind/name` or `Kind/namespace/name`. */
  readonly resource: string;
  /** `User/ana`, `Group/sre`, `ServiceAccount/ns/name`; absent for any subject. */
  readonly subject?: string;
  readonly reason: string;
  /** The last day it holds, `YYYY-MM-DD`, to the end of that day in UTC. */
  readonly expires: string;
}

/**
 * Reads what an exceptions file says: `exceptions:` with a list of check, resource, reason and expires.
 * @param data the decoded YAML or JSON
 * @param file its name, for messages
 * @throws {Problem} for anything that would silently except nothing, or too much
 */
export function parseExceptions(data: unknown, file: string, registry: readonly Check[]): readonly Exception[] {
  const list = isRecord(data) ? data['exceptions'] : undefined;
  if (!Array.isArray(list)) throw problem(file, 'it must hold a list named exceptions');
  return list.map((entry: unknown, index) => parseException(entry, `exceptions[${index}]`, file, registry));
}

const FIELDS = ['check', 'resource', 'subject', 'reason', 'expires'];

function parseException(entry: unknown, at: string, file: string, registry: readonly Check[]): Exception {
  if (!isRecord(entry)) throw problem(file, `${at} is not a map`);
  const stray = Object.keys(entry).find(key => !FIELDS.includes(key));
  if (stray !== undefined) throw problem(file, `${at} has a field ${stray}; known are ${FIELDS.join(', ')}`);

  const check = findCheck(registry, text(entry, 'check', at, file)).id;
  const resource = text(entry, 'resource', at, file);
  if (!/^[^/]+\/.+/.test(resource)) throw problem(file, `${at}.resource must be Kind/name or Kind/namespace/name`);
  const expires = text(entry, 'expires', at, file);
  if (!isDay(expires)) throw problem(file, `${at}.expires must be a day such as 2027-01-31`);
  const subject = entry['subject'] === undefined ? undefined : text(entry, 'subject', at, file);
  if (subject !== undefined && !/^(User\/.+|Group\/.+|ServiceAccount\/[^/]+\/.+)$/.test(subject)) {
    throw problem(file, `${at}.subject must be User/name, Group/name or ServiceAccount/namespace/name`);
  }
  return { check, resource, ...(subject === undefined ? {} : { subject }), reason: text(entry, 'reason', at, file), expires };
}

/** JavaScript takes the 31st of February for a day in March. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = new Date(text);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text);
}

function text(entry: Record<string, unknown>, field: string, at: string, file: string): string {
  const value = entry[field];
  // YAML reads an unquoted day as a string under the core schema, but a number stays a number.
  if (typeof value !== 'string' || value.trim() === '') throw problem(file, `${at}.${field} must be a non-empty text`);
  return value.trim();
}

/** The first exception that covers a finding and has not run out; undefined where it stays open. */
export function exceptionFor(exceptions: readonly Exception[], check: string, finding: Finding, now: string): Exception | undefined {
  return exceptions.find(
    exception =>
      exception.check === check &&
      exception.resource === formatRef(finding.resource) &&
      (exception.subject === undefined ||
        (finding.subject !== undefined && exception.subject === formatSubject(finding.subject))) &&
      !hasExpired(exception, now),
  );
}

export function hasExpired(exception: Exception, now: string): boolean {
  return Date.parse(now) >= Date.parse(exception.expires) + 24 * 60 * 60 * 1000;
}

function problem(file: string, what: string): Problem {
  return new Problem(`cannot use the exceptions file ${file}: ${what}`, { exitCode: 2 });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
