/** The text of src/checks/registry.ts for these check ids, in the order of families and then by name. */
export function renderRegistry(checks: readonly { readonly id: string; readonly family: string }[]): string {
  const lines = [...checks].sort((a, b) => (`${a.family}/${a.id}` < `${b.family}/${b.id}` ? -1 : 1));
  const name = (id: string): string => id.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return `${[
    '// Written by "npm run reference" from the files in this folder; a test compares the two.',
    "import type { Check } from './define-check.ts';",
    ...lines.map(({ id, family }) => `import ${name(id)} from './${family}/${id}.ts';`),
    '',
    '/** Every check. */',
    'export const CHECKS: readonly Check[] = [',
    ...lines.map(({ id }) => `  ${name(id)},`),
    '];',
  ].join('\n')}\n`;
}
