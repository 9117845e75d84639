import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { connect } from '../../src/cluster/connect.ts';
import { Problem } from '../../src/problem.ts';
import { controlPlaneBinaries } from '../cluster/binaries.ts';
import { runProgram } from '../cluster/run-program.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { startOidcIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';
import { bareEnvironment, temporaryDirectory } from './temporary-files.ts';

/** Each test has an identity provider of its own, since every refresh token is good once. */
const files = temporaryDirectory();
let kubectl = '';
beforeAll(async () => {
  ({ kubectl } = await controlPlaneBinaries());
});

const ended: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(ended.map(end => end())));

function jwt(name: string, seconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [part({ alg: 'none' }), part({ sub: name, exp: Math.floor(Date.now() / 1000) + seconds }), 'x'].join('.');
}

let count = 0;
async function world(refreshToken = 'refresh-0'): Promise<{ file: string; server: FakeApiServer; issuer: OidcIssuer; saved: () => Readonly<Record<string, string>>; fresh: string }> {
  const fresh = jwt('ana', 3600);
  const issuer = await startOidcIssuer([fresh]);
  const server = await startFakeApiServer({ data: { lists: new Map(), texts: new Map([['/readyz', 'ok'], ['/version', '{}']]) }, tokens: { [fresh]: { name: 'oidc-ana', groups: [] } }, anonymous: false });
  ended.push(issuer.close, server.close);
  const config = {
    'idp-issuer-url': issuer.url, 'idp-certificate-authority-data': Buffer.from(issuer.authority).toString('base64'),
    'client-id': 'kubectl-client', 'id-token': jwt('ana', -60), 'refresh-token': refreshToken,
  };
  count += 1;
  const file = files.write(`oidc-${count}`, server.kubeconfig({ user: { 'auth-provider': { name: 'oidc', config } } }));
  const saved = (): Readonly<Record<string, string>> => (parse(readFileSync(file, 'utf8')) as { users: { user: { 'auth-provider': { config: Record<string, string> } } }[] }).users[0]?.user['auth-provider'].config ?? {};
  return { file, server, issuer, saved, fresh };
}

it('kubectl renews an expired id-token and writes both new tokens back, and a second use finds them', async () => {
  const { file, server, issuer, saved, fresh } = await world();
  const get = (): ReturnType<typeof runProgram> => runProgram(kubectl, [`--kubeconfig=${file}`, 'get', '--raw', '/readyz']);
  expect(await get()).toMatchObject({ code: 0, stdout: 'ok' });
  expect(issuer.asked).toEqual(['GET /.well-known/openid-configuration', 'POST /token kubectl-client refresh-0']);
  expect(saved()).toMatchObject({ 'id-token': fresh, 'refresh-token': 'refresh-1' });
  expect(await get()).toMatchObject({ code: 0 });
  expect(issuer.asked).toHaveLength(2);
  expect(server.requests.map(({ user }) => user)).toEqual(['oidc-ana', 'oidc-ana']);
});

it('we come in with the token that kubectl renewed, and kubectl can go on afterwards', async () => {
  const { file, server, issuer, saved, fresh } = await world();
  const client = await connect({ kubeconfig: file }, { env: bareEnvironment({ KUBECTL_PATH: kubectl }) });
  expect((await client.get('/readyz')).body).toBe('ok');
  client.close();
  expect(issuer.asked).toEqual(['GET /.well-known/openid-configuration', 'POST /token kubectl-client refresh-0']);
  expect(saved()).toMatchObject({ 'id-token': fresh, 'refresh-token': 'refresh-1' });
  expect(server.requests.at(-1)).toMatchObject({ path: '/readyz', user: 'oidc-ana' });
  expect(await runProgram(kubectl, [`--kubeconfig=${file}`, 'get', '--raw', '/readyz'])).toMatchObject({ code: 0 });
});

it('with a refresh token that was used before neither comes in', async () => {
  const { file, server } = await world('refresh-used');
  expect((await runProgram(kubectl, [`--kubeconfig=${file}`, 'get', '--raw', '/readyz'])).code).toBe(1);
  const error: unknown = await connect({ kubeconfig: file }, { env: bareEnvironment({ KUBECTL_PATH: kubectl }) }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).message).toMatch(/expired on .*kubectl could not renew it/);
  expect(server.requests).toEqual([]);
});
