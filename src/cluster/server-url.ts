import { unescape } from 'node:querystring';
import { Problem } from '../problem.ts';

/**
 * Reads an API server's URL. Without a scheme it is plain HTTP, as in kubectl.
 * @param origin what set it, for the message
 * @returns the address without user information, query and trailing slash, and the user information apart
 * @throws {Problem} it is no http or https URL
 */
export function parseServer(
  server: string,
  origin: string,
): { readonly address: string; readonly userInfo?: { readonly username: string; readonly password: string } } {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(server) ? server : `http://${server}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    // What holds an @ may hold a password, and a URL that cannot be parsed cannot be cut safely.
    const shown = server.includes('@') ? '' : ` (${server})`;
    throw new Problem(`the server of ${origin} is no http or https URL${shown}; write it as https://host:port`);
  }
  const address = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  if (url.username === '' && url.password === '') return { address };
  return { address, userInfo: { username: unescape(url.username), password: unescape(url.password) } };
}
