import type { Command } from '@oclif/core/command';

/** Every command and how to load it. An import runs only when its command does, so start-up pays for one. */
export const COMMANDS: Readonly<Record<string, () => Promise<{ readonly default: typeof Command }>>> = {
  scan: () => import('./scan.ts'),
  rbac: () => import('./rbac.ts'),
  'rbac:who-can': () => import('./rbac/who-can.ts'),
  'rbac:access': () => import('./rbac/access.ts'),
  'rbac:path': () => import('./rbac/path.ts'),
  kubelet: () => import('./kubelet.ts'),
  network: () => import('./network.ts'),
  pki: () => import('./pki.ts'),
  secrets: () => import('./secrets.ts'),
  versions: () => import('./versions.ts'),
  checks: () => import('./checks.ts'),
  explain: () => import('./explain.ts'),
  permissions: () => import('./permissions.ts'),
  snapshot: () => import('./snapshot.ts'),
};
