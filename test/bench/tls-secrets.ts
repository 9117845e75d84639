/**
 * Measures what 5,000 TLS Secrets cost: `node test/bench/tls-secrets.ts` prints a table, `npm run bench` puts it on its page.
 * The certificates and their distinct keys are made once and kept outside of the tree.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, EXEC_ARGV } from '../../bin/bundle.ts';
import { field, message, protobufList } from '../collect/list-data.ts';
import { createCertificate, type Certificate } from '../support/certificates.ts';

/** Making a key costs more than reading thousands, so a check makes do with fewer: the ratios are the same. */
const SECRETS = { whole: 5000, check: 1000 } as const;
const PAGE = 250;

/** What each child prints, in seconds of its processor and its peak. */
interface Cost {
  readonly seconds: number;
  readonly peakMiB: number;
}

/** Numbers for the page, and what is beyond its limit. */
export interface TlsResult {
  readonly markdown: string;
  readonly tooSlow: readonly string[];
}

/** Projection of all Secrets, from protobuf and from JSON, against OpenSSL's parsing of the same certificates. */
export async function measureTlsSecrets(check: boolean): Promise<TlsResult> {
  const count = check ? SECRETS.check : SECRETS.whole;
  const folder = join(tmpdir(), `secaudit-bench-tls-${process.getuid?.() ?? 0}-${count}`);
  makeOnce(folder, count);
  const program = await bundled();
  const rounds = Array.from({ length: 3 }, () => WHATS.map(what => child(program, what, folder, count)));
  const [plain, protobuf, json, judged] = WHATS.map((_, at) => median(rounds.flatMap(round => round[at] ?? [])));
  if (plain === undefined || protobuf === undefined || json === undefined || judged === undefined) throw new Error('a measure is missing');
  const rows: readonly (readonly [what: string, value: number, aim: number, limit: number, detail: string])[] = [
    ['read from protobuf, against `new X509Certificate` alone', protobuf.seconds / plain.seconds, 5, 20, `${protobuf.seconds.toFixed(2)} s against ${plain.seconds.toFixed(2)} s of the processor`],
    ['read from JSON, against the same', json.seconds / plain.seconds, 5, 20, `${json.seconds.toFixed(2)} s`],
    ['peak MiB of reading and judging them with every check of pki and its view', judged.peakMiB, 150, 260, `${judged.seconds.toFixed(2)} s, reading from protobuf and Node itself included`],
  ];
  const lines = rows.map(([what, value, aim, , detail]) => `| ${what} | ${value.toFixed(2)} | ${aim} | ${detail} |`);
  return {
    markdown: `${[`| ${count} TLS Secrets, RSA-2048 and P-256 in turn, each with a key of its own | measured | aim | |`, '| --- | --- | --- | --- |', ...lines].join('\n')}\n`,
    tooSlow: rows.filter(([, value, , limit]) => value > limit).map(([what]) => what),
  };
}

/** One after the other in each round, so that all of them meet the same neighbours on the machine. */
const WHATS = ['plain', 'protobuf', 'json', 'judge'] as const;

/**
 * As the executable runs: one bundle and its options of Node. Run from its sources, Node would first start a compiler of TypeScript in
 * WebAssembly, which takes 30 MiB and whose own compilation goes on in the background while the first pages are read.
 */
async function bundled(): Promise<string> {
  const file = join(import.meta.dirname, '../../dist/bench-tls-secrets.cjs');
  await bundle(join(import.meta.dirname, 'tls-secrets-child.ts'), file);
  return file;
}

function child(program: string, what: (typeof WHATS)[number], folder: string, count: number): Cost {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...(what === 'plain' ? [] : EXEC_ARGV), program, what, folder, String(count)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Cost;
}

function median(costs: readonly Cost[]): Cost | undefined {
  return costs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(costs.length / 2)];
}

/** The pages of the list as an API server writes them: that is not what is measured. */
function makeOnce(folder: string, count: number): void {
  if (existsSync(join(folder, 'warm.pb'))) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = createCertificate({ commonName: 'bench', use: 'authority' });
  for (let page = 0; page * PAGE < count; page += 1) {
    const next = (page + 1) * PAGE < count ? String(page + 1) : '';
    const secrets = Array.from({ length: PAGE }, (_, place) => {
      const at = page * PAGE + place;
      const made = createCertificate({ commonName: `host-${at}.example.com`, names: [`host-${at}.example.com`, `www.host-${at}.example.com`], use: 'server', keyType: at % 2 === 0 ? 'RSA' : 'P-256' }, authority);
      return { name: `web-${at}`, namespace: `team-${at % 500}`, ...made };
    });
    const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content, { mode: 0o600 });
    write(`${page}.pem`, secrets.map(({ certificate }) => certificate).join(''));
    write(`${page}.json`, jsonPage(secrets, authority, next));
    write(`${page}.pb`, protobufPage(secrets, authority, next));
    // One Secret by itself, with which a child loads its modules before it is measured; written last, so that it says that all is there.
    if (next !== '') continue;
    write('warm.json', jsonPage(secrets.slice(0, 1), authority, ''));
    write('warm.pb', protobufPage(secrets.slice(0, 1), authority, ''));
  }
}

type Made = Certificate & { readonly name: string; readonly namespace: string };

function jsonPage(secrets: readonly Made[], authority: Certificate, next: string): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    kind: 'SecretList', apiVersion: 'v1', metadata: { resourceVersion: '1', continue: next },
    items: secrets.map(({ name, namespace, certificate, key }) => ({ metadata: { name, namespace, uid: name }, data: { 'ca.crt': base64(authority.certificate), 'tls.crt': base64(certificate), 'tls.key': base64(key) }, type: 'kubernetes.io/tls' })),
  });
}

function protobufPage(secrets: readonly Made[], authority: Certificate, next: string): Uint8Array {
  const entry = (name: string, text: string): Buffer => field(2, message(field(1, name), field(2, Buffer.from(text))));
  return protobufList('SecretList', secrets.map(({ name, namespace, certificate, key }) =>
    message(field(1, message(field(1, name), field(3, namespace), field(5, name))), entry('ca.crt', authority.certificate), entry('tls.crt', certificate), entry('tls.key', key), field(3, 'kubernetes.io/tls'))), next);
}

if (process.argv[1] === import.meta.filename) process.stdout.write((await measureTlsSecrets(false)).markdown);
