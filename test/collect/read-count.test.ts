import { describe, expect, it } from 'vitest';
import type { Answer, ApiClient } from '../../src/cluster/api-client.ts';
import { Unread } from '../../src/collect/gap-of.ts';
import { readCount } from '../../src/collect/read-count.ts';
import { secretCount } from '../../src/evidence/sources/api-server.ts';

/** A client that gives this one answer, and remembers what was asked. */
function clientWith(body: unknown, status = 200): { client: Pick<ApiClient, 'get'>; asked: { path: string; accept: string | undefined }[] } {
  const asked: { path: string; accept: string | undefined }[] = [];
  const answer: Answer = { status, headers: {}, body: JSON.stringify(body), bytes: 1 };
  return {
    asked,
    client: {
      get(path, options) {
        asked.push({ path, accept: options?.accept });
        return Promise.resolve(answer);
      },
    },
  };
}

function count(body: unknown, status?: number): Promise<unknown> {
  const { read } = secretCount;
  if (read.how !== 'count') throw new Error('the number of Secrets is counted');
  return readCount(clientWith(body, status).client as ApiClient, secretCount, read);
}

const list = (metadata: object, items = 1): object => ({ kind: 'PartialObjectMetadataList', metadata, items: Array.from({ length: items }, () => ({ metadata: { name: 'a' } })) });

describe('readCount', () => {
  it('adds what the server says remains', async () => {
    expect(await count(list({ continue: 'x', remainingItemCount: 41 }))).toEqual({ count: 42, exact: true });
  });
  it('counts what is there when nothing remains', async () => {
    expect(await count(list({}))).toEqual({ count: 1, exact: true });
    expect(await count({ kind: 'PartialObjectMetadataList', metadata: {}, items: null })).toEqual({ count: 0, exact: true });
  });
  it('says that there are more where the server does not say how many', async () => {
    expect(await count(list({ continue: 'x' }))).toEqual({ count: 1, exact: false });
  });
  it('asks for the metadata of one object', async () => {
    const { client, asked } = clientWith(list({}));
    const { read } = secretCount;
    if (read.how === 'count') await readCount(client as ApiClient, secretCount, read, 'shop');
    expect(asked).toEqual([{ path: '/api/v1/namespaces/shop/secrets?limit=1', accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }]);
  });
  it('takes whole Secrets for a gap, and keeps nothing of them', async () => {
    const error: unknown = await count({ kind: 'SecretList', metadata: {}, items: [{ metadata: { name: 'a' }, data: { password: 'aHVudGVyMg==' } }] }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Unread);
    expect((error as Unread).gap).toMatchObject({ kind: 'gap', reason: 'malformed' });
    expect(JSON.stringify(error)).not.toContain('aHVudGVyMg');
  });
  it('takes a refusal for a gap with the right that would close it', async () => {
    await expect(count({ kind: 'Status', message: 'secrets is forbidden' }, 403)).rejects.toMatchObject({ gap: { reason: 'forbidden', permissions: [{ resource: 'secrets', verb: 'list' }] } });
  });
});
