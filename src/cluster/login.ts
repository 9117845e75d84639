/** How a person proves who they are, without anything secret: for messages about a login that failed. */
export interface Login {
  readonly method: 'anonymous' | 'token' | 'password' | 'certificate' | 'exec';
  /** Where the credential comes from: `user "ana" of /home/ana/.kube/config`, `--token`. */
  readonly place: string;
  /** When it ends or ended, RFC 3339, where it says so itself: notAfter of a certificate, `exp` of a token. */
  readonly notAfter?: string;
  /** When a certificate begins. */
  readonly notBefore?: string;
  /** The certificate's own subject and issuer, each on one line. */
  readonly subject?: string;
  readonly issuer?: string;
  /** Why the credential could not be renewed. */
  readonly renewal?: string;
}

/** The half sentence that blames the login itself: what expired, when, and how to renew it; undefined where it is within its time. */
export function describeLoginEnd(login: Login, now: Date): string | undefined {
  const { method, place, notAfter, notBefore } = login;
  if (notAfter !== undefined && Date.parse(notAfter) <= now.getTime()) {
    if (method === 'certificate') {
      return `the client certificate of ${place} (${login.subject ?? ''}) expired on ${notAfter}; renew it (kubeadm certs renew admin.conf, on a control-plane node) or ask whoever issued the kubeconfig for a new one`;
    }
    return `the ${method === 'exec' ? 'credential' : 'token'} of ${place} expired on ${notAfter}; log in again, or get a new kubeconfig`;
  }
  if (notBefore !== undefined && Date.parse(notBefore) > now.getTime()) {
    return `the client certificate of ${place} is not valid before ${notBefore}; check the clock of this machine (${now.toISOString()})`;
  }
  return undefined;
}

/** Why an API server answered 401, as one sentence. */
export function describeUnauthorized(login: Login, server: string, now: Date): string {
  const end = describeLoginEnd(login, now);
  const renewal = login.renewal === undefined ? '' : ` (and it could not be renewed: ${login.renewal})`;
  if (end !== undefined) return `${server} does not accept this login (401): ${end}${renewal}`;
  switch (login.method) {
    case 'anonymous':
      return `${server} demands a login (401), and ${login.place} has none; choose a user with --user or --context, or give --token`;
    case 'token':
      return `${server} does not accept the token of ${login.place} (401)${renewal}; it was revoked, expired or belongs to another cluster: log in again, or check --context`;
    case 'password':
      return `${server} does not accept the password of ${login.place} (401); Kubernetes itself dropped passwords in 1.19: use a certificate, a token or an exec plugin`;
    case 'certificate':
      return `${server} does not accept the client certificate of ${login.place} (401), issued by ${login.issuer ?? 'an unknown authority'} and valid until ${login.notAfter ?? 'an unknown time'}; it belongs to another cluster, or the cluster's authority was replaced: get a new kubeconfig, or check --context`;
    case 'exec':
      return `${server} does not accept what the ${login.place} answered (401)${renewal}; log in again with the plugin's own command, or check that this identity is known to the cluster`;
  }
}
