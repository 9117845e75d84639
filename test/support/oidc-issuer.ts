import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificate } from './certificates.ts';

/** An identity provider over https that takes each refresh token once, as most do. */
export interface OidcIssuer {
  readonly url: string;
  /** PEM of the authority that signed its certificate. */
  readonly authority: string;
  /** Method and path of each request, with the client's id and the refresh token where there is one. */
  readonly asked: string[];
  readonly close: () => Promise<void>;
}

/** Starts one that hands out the given id-tokens, one for each refresh. */
export async function startOidcIssuer(idTokens: readonly string[]): Promise<OidcIssuer> {
  const authority = createCertificate({ commonName: 'identity', use: 'authority' });
  const own = createCertificate({ commonName: 'issuer', names: ['127.0.0.1'], use: 'server' }, authority);
  const asked: string[] = [];
  let refreshes = 0;
  const server = createServer({ cert: own.certificate, key: own.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = new URLSearchParams(Buffer.concat(chunks).toString());
      const [client = ''] = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString().split(':');
      const refresh = body.get('refresh_token') ?? '';
      asked.push([request.method, request.url, client, refresh].filter(part => part !== '').join(' '));
      response.setHeader('Content-Type', 'application/json');
      if (request.url === '/.well-known/openid-configuration') return response.end(JSON.stringify({ issuer: url(), token_endpoint: `${url()}/token` }));
      if (refresh !== `refresh-${refreshes}` || client === '') return response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
      refreshes += 1;
      return response.end(JSON.stringify({ access_token: 'a', token_type: 'bearer', id_token: idTokens[refreshes - 1], refresh_token: `refresh-${refreshes}` }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = (): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url(),
    authority: authority.certificate,
    asked,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
