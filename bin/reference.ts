/** Writes everything that is made from the catalogue: registry, pages, ClusterRoles, JSON Schema, the README's sample. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FAMILIES } from '../src/checks/define-check.ts';
import type { WireSchema } from '../src/collect/protobuf-schema.ts';
import { renderRegistry } from '../src/reference/registry-file.ts';

const root = join(import.meta.dirname, '..');

function write(path: string, content: string): void {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  process.stdout.write(`wrote ${path}\n`);
}

// The registry comes first: the other files are made from the checks that it lists.
const checkFiles = FAMILIES.flatMap(family =>
  globSync(`src/checks/${family}/${family}-*.ts`, { cwd: root }).map(file => ({ family, id: basename(file, '.ts') })),
);
write('src/checks/registry.ts', renderRegistry(checkFiles));

const { CHECKS } = await import('../src/checks/registry.ts');
const { EVERYTHING, sourcesFor } = await import('../src/audit.ts');
const { referenceFiles } = await import('../src/reference/reference-files.ts');
const { renderReportSchema } = await import('./report-schema.ts');
const { declaredWireFields, renderWireSchema } = await import('./protobuf-fields.ts');

const files = referenceFiles(CHECKS, sourcesFor(EVERYTHING), check => ({
  fails: readFileSync(join(root, 'fixtures/checks', check.id, 'fails.yaml'), 'utf8'),
  passes: readFileSync(join(root, 'fixtures/checks', check.id, 'passes.yaml'), 'utf8'),
}));
for (const [path, content] of files) write(path, content);
const wireSchema = JSON.parse(readFileSync(join(root, 'fixtures/protobuf/schema.json'), 'utf8')) as WireSchema;
write('src/collect/protobuf-fields.json', renderWireSchema(declaredWireFields(wireSchema, sourcesFor(EVERYTHING))));
write('docs/report.schema.json', renderReportSchema(root));
write('README.md', readFileSync(join(root, 'README.md'), 'utf8').replace(/<!-- sample -->[\s\S]*<!-- \/sample -->/, () => sample()));

/** What the program prints of the demo's snapshot, as it stands in the README. */
function sample(): string {
  const words = ['--snapshot', 'fixtures/demo/demo.snapshot.gz', '--quiet'];
  const text = execFileSync(process.execPath, ['bin/kubectl-secaudit.ts', ...words], { cwd: root, encoding: 'utf8' });
  const block = text.trimEnd().split('\n').map(line => `    ${line}`.trimEnd()).join('\n');
  return `<!-- sample -->\n\n${block}\n\n<!-- /sample -->`;
}
