/**
 * Writes fixtures/protobuf/schema.json: how every stable built-in kind stands in protobuf and in JSON, from the Go types
 * that the API server of the suites is built with. Run it when that version changes, then `npm run reference`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderWireSchema } from '../../bin/protobuf-fields.ts';
import type { WireSchema } from '../../src/collect/protobuf-schema.ts';

const moduleDir = path.join(import.meta.dirname, 'control-plane');
const go = (...args: readonly string[]): string =>
  execFileSync('go', args, {
    cwd: moduleDir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26,
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });

const [release = '', date = ''] = go('list', '-m', '-f', '{{.Version}} {{.Time.Format "2006-01-02"}}', 'k8s.io/kubernetes').trim().split(' ');
const schema = JSON.parse(go('run', '-trimpath', '../protobuf-schema.go')) as Omit<WireSchema, 'release' | 'date'>;
const folder = path.join(import.meta.dirname, '../../fixtures/protobuf');
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, 'schema.json'), renderWireSchema({ release, date, ...schema }));
