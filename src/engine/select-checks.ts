import { FAMILIES, familyOf, SEVERITIES, type Check, type Control, type Severity } from '../checks/define-check.ts';
import { Problem } from '../problem.ts';

export interface Selection {
  readonly checks?: readonly string[];
  readonly families?: readonly string[];
  /** This severity and the worse ones. */
  readonly severity?: Severity;
  readonly frameworks?: readonly string[];
}

/**
 * The checks that a selection asks for, in the registry's order. Old ids work.
 * @throws {Problem} for a word that names nothing, with what it could have been
 */
export function selectChecks(registry: readonly Check[], selection: Selection): readonly Check[] {
  const ids = selection.checks?.map(id => findCheck(registry, id).id);
  refuseUnknown('--family', selection.families, FAMILIES);
  refuseUnknown('--framework', selection.frameworks, frameworksOf(registry));
  return registry.filter(
    check =>
      (ids === undefined || ids.includes(check.id)) &&
      (selection.families === undefined || selection.families.includes(familyOf(check))) &&
      (selection.severity === undefined || SEVERITIES.indexOf(check.severity) <= SEVERITIES.indexOf(selection.severity)) &&
      (selection.frameworks === undefined || check.controls.some(({ framework }) => selection.frameworks?.includes(framework))),
  );
}

/**
 * A check by its id or a former one.
 * @throws {Problem} where there is none, with the nearest id
 */
export function findCheck(registry: readonly Check[], id: string): Check {
  const check = registry.find(each => each.id === id || each.aliases?.includes(id));
  if (check !== undefined) return check;
  const nearest = nearestOf(id, registry.map(each => each.id));
  const hint = nearest === undefined ? 'list them with "kubectl secaudit checks"' : `did you mean ${nearest}?`;
  throw new Problem(`there is no check ${id}; ${hint}`, { exitCode: 2 });
}

/** The frameworks that any check maps to, in a fixed order. */
function frameworksOf(registry: readonly Check[]): readonly Control['framework'][] {
  return [...new Set(registry.flatMap(check => check.controls.map(({ framework }) => framework)))].sort();
}

function refuseUnknown(flag: string, given: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = given?.find(word => !known.includes(word));
  if (unknown !== undefined) throw new Problem(`${flag} knows no ${unknown}; use one of ${known.join(', ')}`, { exitCode: 2 });
}

/** The known word with the smallest edit distance, if that is small enough to be a slip of the finger. */
function nearestOf(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map(each => ({ each, distance: editDistance(word, each) })).sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(3, word.length / 3) ? best.each : undefined;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution);
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
