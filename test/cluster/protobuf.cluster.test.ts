import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYTHING, sourcesFor } from '../../src/audit.ts';
import { connect, type ClusterClient } from '../../src/cluster/connect.ts';
import { planOf } from '../../src/collect/protobuf-plan.ts';
import type { WireSchema } from '../../src/collect/protobuf-schema.ts';
import { readList } from '../../src/collect/read-list.ts';
import type { AnyFieldTree } from '../../src/evidence/fields.ts';
import type { Read, Source } from '../../src/evidence/source.ts';
import { podCertificateRequests } from '../../src/evidence/sources/trust.ts';
import { createCertificate } from '../support/certificates.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { oddObjects } from './protobuf-objects.ts';

type ListRead = Extract<Read, { how: 'list' }>;
const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/protobuf/schema.json'), 'utf8')) as WireSchema;
const noSchema: WireSchema = { ...schema, kinds: {}, messages: {} };
/** Of built-in kinds: APIServices belong to the aggregator, which has a schema of its own and is read as JSON; so is metadata alone. */
const lists = [...sourcesFor(EVERYTHING)].filter((source): source is Source & { readonly read: ListRead } => source.read.how === 'list' && source.read.metadataOnly !== true && planOf(schema, source.read.apiVersion, source.read.kind, source.read.fields) !== undefined);

let ground: Ground;
let client: ClusterClient;
let types: (string | undefined)[];
beforeAll(async () => {
  ground = await startApiServer({ admitAnything: true });
  const refused: string[] = [];
  for (const object of oddObjects) {
    const { code, stderr } = await ground.kubectl(['create', '--validate=false', '-f', '-'], { input: JSON.stringify(object) });
    if (code !== 0 && !stderr.includes('AlreadyExists')) refused.push(stderr);
  }
  // The API server takes the status of these only by itself.
  for (const object of oddObjects as readonly { kind: string; metadata: { name: string; namespace?: string }; status?: object }[]) {
    if (!['Ingress', 'Pod', 'Service'].includes(object.kind) || object.status === undefined) continue;
    const { name, namespace = '' } = object.metadata;
    const { code, stderr } = await ground.kubectl(['patch', object.kind, name, '-n', namespace, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: object.status })]);
    if (code !== 0) refused.push(stderr);
  }
  await issueCertificate('full');
  expect(refused).toEqual([]);
  const connected = await connect({ kubeconfig: ground.kubeconfig.admin });
  client = {
    ...connected,
    async getStream(path, options) {
      const answer = await connected.getStream(path, options);
      types.push(answer.headers['content-type']);
      return answer;
    },
  };
});
afterAll(async () => {
  client.close();
  await ground.stop();
});

/** Approves a request and writes a certificate into it, as a signer does: what only its status holds. */
async function issueCertificate(name: string): Promise<void> {
  const answered = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await ground.kubectl(args, { input });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  await answered(['certificate', 'approve', name]);
  const request = JSON.parse(await answered(['get', 'csr', name, '-o', 'json'])) as { status: object };
  const { certificate } = createCertificate({ commonName: 'odd', use: 'client' });
  const status = { ...request.status, certificate: Buffer.from(certificate).toString('base64') };
  await answered(['replace', '--subresource=status', '-f', '-'], JSON.stringify({ ...request, status }));
}

async function readBoth(source: Source, read: ListRead): Promise<{ readonly protobuf: unknown[]; readonly json: unknown[] }> {
  types = [];
  const protobuf = await readList(client, source, read, { schema });
  expect(new Set(types)).toEqual(new Set(['application/vnd.kubernetes.protobuf']));
  types = [];
  const json = await readList(client, source, read, { schema: noSchema });
  expect(new Set(types)).toEqual(new Set(['application/json']));
  return { protobuf, json };
}

/** Byte for byte, the order of names included. */
function expectSame({ protobuf, json }: { readonly protobuf: unknown[]; readonly json: unknown[] }): void {
  expect(protobuf).toStrictEqual(json);
  expect(JSON.stringify(protobuf)).toBe(JSON.stringify(json));
}

/** The API server refuses them there, or to whoever has no kubelet. */
const impossible: Readonly<Record<string, readonly string[]>> = {
  roles: ['rules.nonResourceURLs'],
  // Takes a proof that a pod has the key, and a signer.
  podcertificaterequests: pathsOf(podCertificateRequests.read.fields),
};

test.each(lists.map(source => [source.id, source] as const))('%s: both encodings give the same evidence, and every declared field is tried', async (_id, source) => {
  const both = await readBoth(source, source.read);
  expectSame(both);
  const untried = pathsOf(source.read.fields).filter(path => !isFilled(both.json, path.split('.')));
  expect(untried.filter(path => !(path === 'metadata.namespace' && !source.read.namespaced) && impossible[source.id]?.includes(path) !== true)).toEqual([]);
});

function whole(value: unknown): unknown {
  return value;
}

function named(metadata: { readonly name: string }): unknown {
  return metadata;
}

/** Keeps everything, so that the reader has to make all of it. */
test('every stable built-in kind is the same in both, whole', async () => {
  const { stdout } = await ground.kubectl(['api-resources', '--no-headers', '--verbs=list']);
  const compared: string[] = [];
  for (const line of stdout.trim().split('\n')) {
    const [resource = '', apiVersion = '', namespaced = '', kind = ''] = line.trim().split(/\s+/).toSpliced(1, line.trim().split(/\s+/).length - 4);
    const message = schema.kinds[`${apiVersion}/${kind}`];
    // The states of components are asked for anew each time, in any order.
    if (message === undefined || kind === 'ComponentStatus') continue;
    const fields: AnyFieldTree = { metadata: named, ...Object.fromEntries((schema.messages[message] ?? []).filter(([name]) => name !== 'metadata').map(([name]) => [name, whole])) };
    if (planOf(schema, apiVersion, kind, fields) === undefined) continue;
    const read: ListRead = { how: 'list', apiVersion, kind, resource, namespaced: namespaced === 'true', fields };
    const both = await readBoth({ ...lists[0], id: kind, title: kind } as Source, read);
    expectSame(both);
    if (both.json.length > 0) compared.push(kind);
  }
  // A StatefulSet holds claims that name their kind in JSON alone, so a whole one is read as JSON; definitions have a schema of their own.
  const kinds = oddObjects.map(object => (object as { kind: string }).kind).filter(kind => kind !== 'StatefulSet' && kind !== 'CustomResourceDefinition');
  expect(compared).toEqual(expect.arrayContaining([...new Set(kinds)]));
});

/** Paths of plain data: what stands under a function is tried where the function has something to say. */
function pathsOf(tree: AnyFieldTree | Readonly<Record<string, unknown>>, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    if (typeof field !== 'object' || field === null) return [path];
    return pathsOf((Array.isArray(field) ? field[0] : field) as AnyFieldTree, `${path}.`);
  });
}

function isFilled(value: unknown, path: readonly string[]): boolean {
  if (value === undefined) return false;
  if (Array.isArray(value) && (path.length > 0 || value.some(inner => typeof inner === 'object'))) return value.some(inner => isFilled(inner, path));
  const [name, ...rest] = path;
  return name === undefined ? true : isFilled((value as Record<string, unknown>)[name], rest);
}
