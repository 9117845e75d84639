/** The health checks that an API server has, and how each went. */
export interface Readyz {
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
}

const CHECK = /^\[([+-])\](\S+) (?:ok|excluded: ok|excluded with \S+: ok|failed: .*)$/;
const VERDICT = /^\w+ check (?:passed|failed)$/;

/**
 * Reads the answer to /readyz?verbose: one line a check and one for the whole, also when the whole is a 500
 * (k8s.io/apiserver pkg/server/healthz). Why a check failed is withheld by the server and not kept.
 *
 * @throws {Error} where a line is something else or the last one is missing: a list cut short proves no absence
 */
export function parseReadyz(body: string): Readyz {
  const lines = body.trimEnd().split('\n');
  const verdict = lines.pop() ?? '';
  if (!VERDICT.test(verdict)) throw new Error('the health checks are cut off or are something else');
  const checks = lines.map(line => {
    const [, sign, name] = CHECK.exec(line) ?? [];
    if (sign === undefined || name === undefined) throw new Error('a line is no health check');
    return { name, ok: sign === '+' };
  });
  return { checks };
}
