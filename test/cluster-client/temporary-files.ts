import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** A directory that is removed after the test file. */
export function temporaryDirectory(): { readonly path: (name: string) => string; readonly write: (name: string, text: string, mode?: number) => string } {
  const root = mkdtempSync(join(tmpdir(), 'secaudit-test-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const path = (name: string): string => join(root, name);
  return {
    path,
    write: (name, text, mode) => {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
      if (mode !== undefined) chmodSync(path(name), mode);
      return path(name);
    },
  };
}

/** An environment in which nothing of this machine is configured. */
export function bareEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { HOME: '/nonexistent', PATH: process.env.PATH, ...more };
}
