/** Writes the skeleton of a check: `npm run new-check -- rbac-something-wrong`. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FAMILIES } from '../src/checks/define-check.ts';

const root = join(import.meta.dirname, '..');
const [id = ''] = process.argv.slice(2);
const family = FAMILIES.find(name => id.startsWith(`${name}-`));

if (family === undefined || !/^[a-z]+(-[a-z0-9]+)+$/.test(id)) {
  process.stderr.write(`error: name the check in lower case, beginning with its family (${FAMILIES.join(', ')}), such as rbac-wildcard-grant\n`);
  process.exitCode = 2;
} else if (existsSync(join(root, 'src/checks', family, `${id}.ts`))) {
  process.stderr.write(`error: there is a check ${id} already\n`);
  process.exitCode = 2;
} else {
  write(`src/checks/${family}/${id}.ts`, checkFile());
  write(`test/checks/${family}/${id}.test.ts`, testFile());
  write(`fixtures/checks/${id}/fails.yaml`, '# The smallest manifest that the check must fail on.\n');
  write(`fixtures/checks/${id}/passes.yaml`, '# The near miss: as like it as can be, and right.\n');
  process.stdout.write('Fill in the words, the needs and the two examples, then run npm run reference and npm test.\n');
}

function write(path: string, content: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  process.stdout.write(`wrote ${path}\n`);
}

function checkFile(): string {
  return `import { defineCheck } from '../define-check.ts';

export default defineCheck({
  id: '${id}',
  title: '',
  severity: 'medium',
  rationale: '',
  remediation: { change: '', mayBreak: '' },
  controls: [{ framework: 'owasp-2025', version: '2025', id: '' }],
  references: [''],
  scope: 'cluster',

  needs: {},
  targets: () => [],
  inspect: () => undefined,
});
`;
}

function testFile(): string {
  return `import check from '../../../src/checks/${family ?? ''}/${id}.ts';
import { describeCheck } from '../../support/describe-check.ts';

describeCheck(check, { fails: {}, passes: {} });
`;
}
