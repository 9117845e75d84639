import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isatty } from 'node:tty';
import { Problem } from '../problem.ts';
import type { ConnectionFlags } from './api-client.ts';
import { runExecPlugin, type ExecCluster, type ExecCredential } from './exec-plugin.ts';
import { reasonOf, type ExecEntry, type Pem } from './kubeconfig-file.ts';
import { idTokenFromKubectl, isFreshIdToken } from './oidc.ts';
import type { AuthSettings, Target } from './kubeconfig.ts';
import type { Login } from './login.ts';

/** What goes with a request to prove who is asking. Secret. */
export interface Credential {
  /** The whole Authorization header. */
  readonly authorization?: string;
  /** PEM texts of the client certificate and its key. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
}

export interface Credentials {
  /** The credential to use now. An expired one is renewed first; where that fails the old one stays, and the server decides. */
  readonly current: () => Promise<Credential>;
  /** After a 401: another credential, or undefined where there is no other. Several callers cause one renewal. */
  readonly renew: (rejected: Credential) => Promise<Credential | undefined>;
  readonly login: () => Login;
}

export interface CredentialOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** What led to the target, to find it again once kubectl has renewed it. */
  readonly flags: ConnectionFlags;
}

/** client-go also reads a token file again after a minute: the kubelet and vault agents rewrite it. */
const TOKEN_FILE_MILLISECONDS = 60_000;

const PLUGIN_PAUSE_MILLISECONDS = 10_000;

/**
 * Gets the first credential, running an exec plugin where one is configured.
 * @throws {Problem} a file that cannot be read, a certificate or key that is none, a plugin that fails
 */
export async function openCredentials(target: Target, options: CredentialOptions): Promise<Credentials> {
  const source = await sourceOf(target, options);
  let credential = await source.get();
  let gotAt = Date.now();
  let renewing: Promise<Credential | undefined> | undefined;
  let renewal: string | undefined;

  async function getAgain(): Promise<Credential | undefined> {
    try {
      const next = await source.get();
      gotAt = Date.now();
      renewal = undefined;
      if (isSame(next, credential)) return undefined;
      credential = next;
      return next;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      renewal = error.message;
      return undefined;
    } finally {
      renewing = undefined;
    }
  }

  return {
    current: async () => {
      if (source.isStale(gotAt)) await (renewing ??= getAgain());
      return credential;
    },
    renew: async rejected => {
      if (rejected !== credential) return credential;
      return source.isRenewable ? (renewing ??= getAgain()) : undefined;
    },
    login: () => ({ ...source.login(credential), ...(renewal === undefined ? {} : { renewal }) }),
  };
}

/** Nobody's: for a look at what a server shows to anybody. */
export function withoutCredentials(place: string): Credentials {
  return { current: () => Promise.resolve({}), renew: () => Promise.resolve(undefined), login: () => ({ method: 'anonymous', place }) };
}

interface Source {
  readonly get: () => Promise<Credential>;
  readonly isRenewable: boolean;
  readonly isStale: (gotAt: number) => boolean;
  readonly login: (credential: Credential) => Login;
}

/** Which of the configured ways is used: client-go's order. A certificate goes along with a token or a password. */
async function sourceOf(target: Target, options: CredentialOptions): Promise<Source> {
  const { auth } = target;
  const place = target.user === undefined ? target.origin : `user ${JSON.stringify(target.user)} of ${target.origin}`;
  // kubectl sends no credential over plain HTTP either.
  if (target.server.startsWith('http:')) return fixed({}, { method: 'anonymous', place: `${place} (no credential goes over plain HTTP)` });
  const certificate = auth.certificate === undefined ? undefined : await readCertificate(auth.certificate, certificatePlace(auth.certificate.certificate, place));
  const withCertificate = certificate === undefined ? {} : { certificate };
  if (auth.tokenFile !== undefined) return tokenFileSource(auth.tokenFile, auth.token, withCertificate, place);
  if (auth.token !== undefined) {
    const from = auth.isTokenFlag === true ? '--token' : place;
    return fixed({ authorization: bearer(auth.token, from), ...withCertificate }, { method: 'token', place: from, ...tokenTimes(auth.token) });
  }
  if (auth.basic !== undefined) {
    const { username, password } = auth.basic;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return fixed({ authorization, ...withCertificate }, { method: 'password', place });
  }
  if (auth.authProvider !== undefined) return authProviderSource(auth.authProvider, place, withCertificate, options);
  if (certificate !== undefined) {
    const from = certificatePlace(auth.certificate?.certificate, place);
    return fixed(withCertificate, { method: 'certificate', place: from, ...certificateTimes(certificate.certificate) });
  }
  if (auth.exec !== undefined) return execSource(auth.exec, target, place, options);
  return fixed({}, { method: 'anonymous', place });
}

function fixed(credential: Credential, login: Login): Source {
  return { get: () => Promise.resolve(credential), isRenewable: false, isStale: () => false, login: () => login };
}

function tokenFileSource(file: string, token: string | undefined, rest: Credential, place: string): Source {
  let last = token;
  return {
    get: async () => {
      const read = await readText(file, 'tokenFile', place, last !== undefined);
      const text = read?.trim() ?? '';
      if (text !== '') last = text;
      if (last === undefined) throw new Problem(`the tokenFile ${file} of ${place} is empty; log in again so that it is written`);
      return { authorization: bearer(last, `the tokenFile ${file}`), ...rest };
    },
    isRenewable: true,
    isStale: gotAt => Date.now() - gotAt > TOKEN_FILE_MILLISECONDS,
    login: () => ({ method: 'token', place: `tokenFile ${file}`, ...tokenTimes(last ?? '') }),
  };
}

function execSource(exec: ExecEntry, target: Target, place: string, options: CredentialOptions): Source {
  let last: ExecCredential | undefined;
  return {
    get: async () => {
      const cluster = exec.provideClusterInfo ? await execCluster(target) : { server: target.server };
      last = await runExecPlugin(exec, { ...options, place, cluster, isTerminal: isatty(0) });
      const name = `the exec plugin ${JSON.stringify(exec.command)}`;
      if (last.certificate !== undefined) checkPair(last.certificate, name);
      return {
        ...(last.token === undefined ? {} : { authorization: bearer(last.token, name) }),
        ...(last.certificate === undefined ? {} : { certificate: last.certificate }),
      };
    },
    isRenewable: true,
    // A plugin that answers what has expired already is not asked again for every request.
    isStale: gotAt => last?.expires !== undefined && last.expires.getTime() < Date.now() && Date.now() - gotAt > PLUGIN_PAUSE_MILLISECONDS,
    login: () => ({
      method: 'exec',
      place: `exec plugin ${JSON.stringify(exec.command)} of ${place}`,
      ...(last?.certificate === undefined ? tokenTimes(last?.token ?? '') : certificateTimes(last.certificate.certificate)),
    }),
  };
}

async function execCluster(target: Target): Promise<ExecCluster> {
  const { tls } = target;
  const ca = await readPem(tls.ca, 'certificate-authority', target.cluster ?? target.server);
  return {
    server: target.server,
    ...(tls.serverName === undefined ? {} : { 'tls-server-name': tls.serverName }),
    ...(tls.insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(target.proxyUrl === undefined ? {} : { 'proxy-url': target.proxyUrl }),
    ...(target.disableCompression ? { 'disable-compression': true } : {}),
    ...(target.execConfig === undefined ? {} : { config: target.execConfig }),
  };
}

function authProviderSource(provider: NonNullable<AuthSettings['authProvider']>, place: string, rest: Credential, options: CredentialOptions): Source {
  const { name, config } = provider;
  if (name !== 'oidc') {
    throw new Problem(`${place} logs in with the auth-provider ${JSON.stringify(name)}, which was removed from kubectl; use the vendor's exec plugin (gke-gcloud-auth-plugin, kubelogin) instead`);
  }
  for (const key of ['idp-issuer-url', 'client-id']) {
    if ((config.get(key) ?? '') === '') throw new Problem(`the oidc auth-provider of ${place} has no ${key}; add it to the kubeconfig, as kubectl wants it too`);
  }
  let token = config.get('id-token') ?? '';
  let askedAt = 0;
  const isFresh = (): boolean | undefined => isFreshIdToken(token, tokenTimes(token).notAfter);
  return {
    get: async () => {
      const before = tokenTimes(token).notAfter;
      if (isFresh() === undefined) throw new Problem(`the oidc auth-provider of ${place} holds an id-token that is no JSON Web Token; log in again`);
      const what = token === '' ? 'holds no id-token' : `holds an id-token that expired${before === undefined ? '' : ` on ${before}`}`;
      if (isFresh() === false) {
        if ((config.get('refresh-token') ?? '') === '') throw new Problem(`the oidc auth-provider of ${place} ${what}, and no refresh-token; log in again with your identity provider`);
        askedAt = Date.now();
        token = await idTokenFromKubectl(options.flags, options.env, options.signal, place);
      }
      if (isFresh() !== true) throw new Problem(`the oidc auth-provider of ${place} ${what}, and kubectl could not renew it; see what it says to kubectl get --raw /version, or log in again with your identity provider`);
      return { authorization: bearer(token, place), ...rest };
    },
    isRenewable: false,
    // A token that kubectl could not renew is not renewed for every request again.
    isStale: () => isFresh() !== true && Date.now() - askedAt > PLUGIN_PAUSE_MILLISECONDS,
    login: () => ({ method: 'token', place, ...tokenTimes(token) }),
  };
}

function bearer(token: string, place: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Problem(`the token of ${place} holds a space, a line break or another character that no token has; copy it again`);
  return `Bearer ${token}`;
}

/** The file to renew, where the certificate stands in one of its own. */
function certificatePlace(pem: Pem | undefined, place: string): string {
  return pem !== undefined && 'file' in pem ? `${place} in ${pem.file}` : place;
}

async function readCertificate(pair: { readonly certificate: Pem; readonly key: Pem }, place: string): Promise<{ certificate: string; key: string }> {
  const certificate = (await readPem(pair.certificate, 'client-certificate', place)) ?? '';
  const key = (await readPem(pair.key, 'client-key', place)) ?? '';
  const read = { certificate, key };
  checkPair(read, place);
  return read;
}

/** Finds here, with a name to blame, what the handshake would only call a bad certificate. */
function checkPair(pair: { readonly certificate: string; readonly key: string }, place: string): void {
  const wrong = (what: string, cause?: unknown): Problem => new Problem(`the client certificate of ${place} cannot be used: ${what}; get a new kubeconfig`, { cause });
  const certificate = parsedOr(() => new X509Certificate(pair.certificate), error => wrong('it is no PEM certificate', error));
  // The error of a key is not kept as cause: it says nothing that helps, and a key is near.
  const key = parsedOr(() => createPrivateKey(pair.key), () => wrong('its key is no unencrypted PEM private key'));
  if (!certificate.checkPrivateKey(key)) throw wrong('its key belongs to another certificate');
}

function parsedOr<T>(parse: () => T, problem: (error: unknown) => Problem): T {
  try {
    return parse();
  } catch (error) {
    throw problem(error);
  }
}

/** The text of a PEM, read from its file where it has one. */
export async function readPem(pem: Pem | undefined, field: string, place: string): Promise<string | undefined> {
  if (pem === undefined) return undefined;
  return 'data' in pem ? pem.data : readText(pem.file, field, place, false);
}

async function readText(file: string, field: string, place: string, isOptional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isOptional) return undefined;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new Problem(`cannot read the ${field} ${file} of ${place} (${reasonOf(code)}); check the path in the kubeconfig`, { cause: error });
  }
}

function isSame(a: Credential, b: Credential): boolean {
  return a.authorization === b.authorization && a.certificate?.certificate === b.certificate?.certificate;
}

function certificateTimes(pem: string): Pick<Login, 'notAfter' | 'notBefore' | 'subject' | 'issuer'> {
  const { validFrom, validTo, subject, issuer } = new X509Certificate(pem);
  const line = (name: string): string => name.trim().replaceAll('\n', ', ');
  return { notBefore: rfc3339(validFrom), notAfter: rfc3339(validTo), subject: line(subject), issuer: line(issuer) };
}

/** The `exp` of a JSON Web Token; any other token does not say. */
function tokenTimes(token: string): { notAfter?: string } {
  const payload = token.split('.').length === 3 ? token.split('.')[1] : undefined;
  if (payload === undefined) return {};
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' && Number.isFinite(exp) && Math.abs(exp) < 8e12 ? { notAfter: rfc3339(exp * 1000) } : {};
  } catch (error) {
    // Three parts and no JSON: an opaque token that happens to hold two dots.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function rfc3339(date: string | number): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, 'Z');
}
