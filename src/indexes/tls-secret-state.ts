import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { tlsSecrets, type TlsSecret } from '../evidence/sources/tls.ts';
import { secretKey, secretReferences } from './secret-references.ts';
import { faultOf, intermediatesAmong, type TlsSecretFault } from './tls-secret-faults.ts';

/** A TLS Secret, what is wrong with it, and who serves with it. */
export interface TlsSecretState {
  readonly secret: TlsSecret;
  /** Absent where nothing is wrong. */
  readonly fault?: TlsSecretFault;
  /** The Ingresses and Gateways that name it, as far as those could be read. */
  readonly servedBy: readonly ResourceRef[];
}

/** Every TLS Secret with its faults. */
export const tlsSecretFaults = defineIndex({
  id: 'tls-secret-faults',
  needs: { secrets: tlsSecrets, references: attempt(secretReferences) },
  build({ secrets, references }): readonly TlsSecretState[] {
    const servedBy = 'value' in references ? Map.groupBy(references.value.references, ({ secret }) => secret) : new Map<string, never>();
    const intermediateOf = intermediatesAmong(secrets.flatMap(({ data }) => [...(data?.chain.certificates ?? []), ...(data?.authorities?.certificates ?? [])]));
    return secrets.map(secret => {
      const fault = faultOf(secret, intermediateOf);
      return { secret, ...(fault === undefined ? {} : { fault }), servedBy: (servedBy.get(secretKey(secret)) ?? []).map(({ by }) => by) };
    });
  },
});
