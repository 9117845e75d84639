import { familyOf, type Check } from '../checks/define-check.ts';
import { sourcesOf } from '../evidence/need.ts';
import { formatPermission } from '../evidence/gap.ts';

/** One check's page in Markdown, with both examples where they are given. */
export function renderCheckPage(check: Check, examples?: { readonly fails: string; readonly passes: string }): string {
  const sources = [...sourcesOf(check.needs)];
  const sections = [
    `# ${check.id}`,
    `${check.title}.`,
    [
      `- Severity: ${check.severity} at most`,
      `- Family: ${familyOf(check)}`,
      `- Scope: ${check.scope === 'cluster' ? 'the whole cluster; out of scope with `-n`' : 'the whole cluster, or one namespace with `-n`'}`,
      `- Controls: ${check.controls.map(({ framework, version, id }) => `${framework} ${version} ${id}`).join(', ')}`,
      ...(check.aliases === undefined ? [] : [`- Former ids: ${check.aliases.join(', ')}`]),
    ].join('\n'),
    '## Why it matters',
    check.rationale,
    '## Remediation',
    check.remediation.change,
    `What it may break: ${check.remediation.mayBreak}`,
    '## What it reads',
    sources.map(source => `- ${source.title}: ${source.permissions.map(each => `\`${formatPermission(each)}\``).join(', ') || 'no right'}`).join('\n'),
    'What cannot be read makes the check *not assessed*, never passed.',
    ...(examples === undefined ? [] : ['## Fails', fenced(examples.fails), '## Passes', fenced(examples.passes)]),
    '## References',
    check.references.map(url => `- <${url}>`).join('\n'),
  ];
  return `${sections.join('\n\n')}\n`;
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``;
}
