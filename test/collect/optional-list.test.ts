import { describe, expect, it } from 'vitest';
import type { Answer, ApiClient, StreamedAnswer } from '../../src/cluster/api-client.ts';
import { Unread } from '../../src/collect/gap-of.ts';
import { readList } from '../../src/collect/read-list.ts';
import type { Source } from '../../src/evidence/source.ts';
import { issuers } from '../../src/evidence/sources/cert-manager.ts';
import { secretNames } from '../../src/evidence/sources/tls.ts';
import type { Read } from '../../src/evidence/source.ts';

type ListSource = Source & { readonly read: Extract<Read, { how: 'list' }> };
type Reply = readonly [status: number, body: object];

/** A client that answers by the path, and writes down what it was asked for. */
function clientOf(replies: Readonly<Record<string, Reply>>): { client: ApiClient; asked: string[] } {
  const asked: string[] = [];
  const answerTo = (path: string): Omit<Answer, 'bytes'> => {
    asked.push(path);
    const [status, body] = replies[path.replace(/\?.*/, '')] ?? [404, { kind: 'Status', message: 'not there' }];
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  };
  const client = {
    get: (path: string): Promise<Answer> => Promise.resolve({ ...answerTo(path), bytes: 0 }),
    getStream(path: string): Promise<StreamedAnswer> {
      const { body, ...answer } = answerTo(path);
      return Promise.resolve({ ...answer, chunks: (async function* () { yield await Promise.resolve(Buffer.from(body)); })(), bytes: () => body.length, cancel: () => undefined });
    },
  };
  return { client: client as unknown as ApiClient, asked };
}

const GROUP = '/apis/cert-manager.io';
const LIST = '/apis/cert-manager.io/v1/issuers';
const group = (...versions: readonly string[]): Reply => [200, { kind: 'APIGroup', versions: versions.map(version => ({ groupVersion: `cert-manager.io/${version}`, version })) }];
const item = { metadata: { name: 'a', namespace: 'b' }, spec: { ca: { secretName: 's' } } };
/** As the API server writes lists of custom resources: in the order of the alphabet, so that the kind comes last. */
const list: Reply = [200, { apiVersion: 'cert-manager.io/v1', items: [item], kind: 'IssuerList', metadata: { continue: '', resourceVersion: '1' } }];

async function outcomeOf(source: ListSource, replies: Readonly<Record<string, Reply>>): Promise<unknown> {
  const { client, asked } = clientOf(replies);
  try {
    return { items: await readList(client, source, source.read), asked };
  } catch (error) {
    if (error instanceof Unread) return { reason: error.gap.reason, kind: error.gap.kind, detail: error.gap.detail };
    throw error;
  }
}

describe('a list of an API that a cluster may do without', () => {
  it('is empty where the group is not served, and then is not asked for', async () => {
    expect(await outcomeOf(issuers, {})).toEqual({ items: [], asked: [GROUP] });
  });
  it('is read where it is served, although its kind comes last', async () => {
    expect(await outcomeOf(issuers, { [GROUP]: group('v1', 'v1beta1'), [LIST]: list })).toMatchObject({ items: [item], asked: [GROUP, `${LIST}?limit=500`] });
  });
  it('is not empty where other versions are served', async () => {
    expect(await outcomeOf(issuers, { [GROUP]: group('v1alpha2') })).toMatchObject({ kind: 'notObservable', reason: 'notServed' });
  });
  it('is a gap where it is forbidden', async () => {
    expect(await outcomeOf(issuers, { [GROUP]: group('v1'), [LIST]: [403, {}] })).toMatchObject({ kind: 'gap', reason: 'forbidden' });
  });
  it('is asked for where discovery is forbidden', async () => {
    expect(await outcomeOf(issuers, { [GROUP]: [403, {}], [LIST]: list })).toMatchObject({ items: [item] });
  });
  it('is a gap where discovery fails, or is none', async () => {
    expect(await outcomeOf(issuers, { [GROUP]: [500, {}] })).toMatchObject({ kind: 'gap', reason: 'serverError' });
    expect(await outcomeOf(issuers, { [GROUP]: [200, { kind: 'Status' }] })).toMatchObject({ kind: 'gap', reason: 'malformed' });
  });
  it('of another kind is a gap, wherever the kind stands', async () => {
    expect(await outcomeOf(issuers, { [GROUP]: group('v1'), [LIST]: [200, { items: [item], kind: 'SecretList' }] })).toMatchObject({ kind: 'gap', reason: 'malformed' });
    expect(await outcomeOf(issuers, { [GROUP]: group('v1'), [LIST]: [200, { items: [item] }] })).toMatchObject({ kind: 'gap', reason: 'malformed' });
  });
  it('is asked about once for all kinds of its group', async () => {
    const { client, asked } = clientOf({ [GROUP]: group('v1'), [LIST]: list });
    const groups = new Map<string, Promise<Answer>>();
    await readList(client, issuers, issuers.read, { groups });
    await readList(client, issuers, issuers.read, { groups });
    expect(asked.filter(path => path === GROUP)).toHaveLength(1);
  });
});

describe('names of Secrets', () => {
  const path = '/api/v1/secrets';
  const named = { metadata: { name: 'a', namespace: 'b', annotations: { x: 'y' } } };

  it('are metadata', async () => {
    expect(await outcomeOf(secretNames, { [path]: [200, { kind: 'PartialObjectMetadataList', metadata: {}, items: [named] }] })).toMatchObject({ items: [{ metadata: { name: 'a', namespace: 'b' } }] });
  });
  it.each([
    ['with its kind first', { kind: 'SecretList', metadata: {}, items: [{ ...named, data: { password: 'aHVudGVyMg==' } }] }],
    ['with its kind last', { items: [{ ...named, data: { password: 'aHVudGVyMg==' } }], kind: 'SecretList' }],
  ])('from a server that answers with values, %s: nothing is kept', async (_name, body) => {
    expect(await outcomeOf(secretNames, { [path]: [200, body] })).toEqual({ kind: 'gap', reason: 'malformed', detail: 'names of Secrets: the API server answered with more than metadata, which was dropped unread' });
  });
});
