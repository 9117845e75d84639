import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * What Node itself is started with in the executable. Most of what a long list leaves behind is dead at once: a young
 * generation of 8 MiB keeps up with it, and the default takes 50 MiB more of memory for the same time.
 */
export const EXEC_ARGV: readonly string[] = ['--max-semi-space-size=8'];

/** Bundles a program into one file, as the executable holds it. */
export async function bundle(entry: string, outfile: string, define: Readonly<Record<string, string>> = {}): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    // A code cache, which halves the start, exists for CommonJS only.
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    alias: Object.fromEntries(['typescript', 'tinyglobby', 'cli-spinners', 'wsl-utils'].map(name => [name, join(import.meta.dirname, 'absent-module.ts')])),
    define: { 'import.meta.dirname': '__dirname', ...define },
  });
}
