/** Builds dist/kubectl-secaudit: one bundle, embedded in the Node that runs this, for this machine. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildManifest } from '../src/commands/manifest.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const bundle = join(dist, 'bundle.cjs');
const program = join(dist, process.platform === 'win32' ? 'kubectl-secaudit.exe' : 'kubectl-secaudit');

mkdirSync(dist, { recursive: true });

await build({
  entryPoints: [join(root, 'bin/kubectl-secaudit.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node26',
  // A code cache, which halves the start, exists for CommonJS only.
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  alias: Object.fromEntries(['typescript', 'tinyglobby', 'cli-spinners', 'wsl-utils'].map(name => [name, join(import.meta.dirname, 'absent-module.ts')])),
  define: {
    EMBEDDED_MANIFEST: JSON.stringify(await buildManifest()),
    'import.meta.dirname': '__dirname',
  },
});

const config = join(dist, 'sea.json');
writeFileSync(
  config,
  JSON.stringify({
    main: bundle,
    output: program,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: true,
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
process.stdout.write(`${program}  ${mebibytes(program)} (bundle ${mebibytes(bundle)}, ${readFileSync(bundle).length} bytes)\n`);
