import { familyOf, type Check } from '../checks/define-check.ts';

/** The table of all checks, docs/checks/README.md. */
export function renderCataloguePage(checks: readonly Check[]): string {
  const rows = checks.map(
    check => `| [${check.id}](${check.id}.md) | ${check.severity} | ${familyOf(check)} | ${check.title} |`,
  );
  return `${['# Checks', '', 'Written by `npm run reference`.', '', '| check | severity | family | title |', '| --- | --- | --- | --- |', ...rows].join('\n')}\n`;
}
