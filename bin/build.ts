/** Builds dist/kubectl-secaudit: one bundle, embedded in the Node that runs this, for this machine. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, EXEC_ARGV } from './bundle.ts';
import { buildManifest } from '../src/commands/manifest.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const bundled = join(dist, 'bundle.cjs');
const program = join(dist, process.platform === 'win32' ? 'kubectl-secaudit.exe' : 'kubectl-secaudit');

mkdirSync(dist, { recursive: true });

await bundle(join(root, 'bin/kubectl-secaudit.ts'), bundled, { EMBEDDED_MANIFEST: JSON.stringify(await buildManifest()) });

const config = join(dist, 'sea.json');
writeFileSync(
  config,
  JSON.stringify({
    main: bundled,
    output: program,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: true,
    execArgv: EXEC_ARGV,
    // Otherwise NODE_OPTIONS of a hostile shell would run code inside an admin's tool.
    execArgvExtension: 'none',
  }),
);
rmSync(program, { force: true });
execFileSync(process.execPath, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
chmodSync(program, 0o755);
if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', program]);
rmSync(config);

const mebibytes = (file: string): string => `${(statSync(file).size / 1024 / 1024).toFixed(1)} MiB`;
process.stdout.write(`${program}  ${mebibytes(program)} (bundle ${mebibytes(bundled)}, ${readFileSync(bundled).length} bytes)\n`);
