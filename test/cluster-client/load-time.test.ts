import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** The modules of Node that are loaded after these imports, in a process of their own. */
function loadedAfter(...imports: readonly string[]): string {
  const script = `${imports.map(name => `await import(${JSON.stringify(name)});`).join('')} console.log(process.moduleLoadList.join('\\n'));`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}

it('loads neither Node\'s fetch nor a process to run plugins with, until they are needed', () => {
  const client = ['connect', 'first-answer'].map(name => new URL(`../../src/cluster/${name}.ts`, import.meta.url).href);
  expect(loadedAfter('node:http')).toMatch(/undici/);
  expect(loadedAfter('node:child_process')).toMatch(/NativeModule child_process/);
  expect(loadedAfter(...client)).not.toMatch(/undici|child_process/);
});
