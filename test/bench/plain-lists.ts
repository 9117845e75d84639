// The yardstick: the same lists as JSON pages of 500, four at a time, parsed whole; it keeps what it read.
import { readFileSync } from 'node:fs';
import https from 'node:https';

const [, , kubeconfig = '', ...paths] = process.argv;
const begun = performance.now();
const text = readFileSync(kubeconfig, 'utf8');
const value = (key: string): string => new RegExp(`${key}: "?([^"\\n]+)"?`).exec(text)?.[1] ?? '';
const material = (key: string): Buffer => (value(`${key}-data`) === '' ? readFileSync(value(key)) : Buffer.from(value(`${key}-data`), 'base64'));
const server = new URL(value('server'));
const agent = new https.Agent({ keepAlive: true, ca: material('certificate-authority'), cert: material('client-certificate'), key: material('client-key') });
interface Page { readonly metadata: { readonly continue?: string }; readonly items: readonly unknown[] | null }

function get(path: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    https.get({ host: server.hostname, port: server.port, path, agent }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => { resolve(JSON.parse(Buffer.concat(chunks).toString()) as Page); });
    }).on('error', reject);
  });
}

const items: unknown[] = [];
async function worker(): Promise<void> {
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (let token: string | undefined = ''; token !== undefined;) {
      const page: Page = await get(`${path}?limit=500${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`);
      for (const item of page.items ?? []) items.push(item);
      token = page.metadata.continue;
    }
  }
}
void Promise.all([worker(), worker(), worker(), worker()]).then(() => {
  agent.destroy();
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - begun) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024, objects: items.length }));
});
