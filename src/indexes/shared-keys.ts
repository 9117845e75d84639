import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { apiServerHandshake } from '../evidence/sources/handshake.ts';
import { tlsSecrets, type TlsSecret } from '../evidence/sources/tls.ts';
import { secretKey } from './secret-references.ts';

/** A TLS Secret whose private key lies elsewhere as well. */
export interface SharedKey {
  readonly secret: TlsSecret;
  /** The other Secrets with the same key in other namespaces, sorted. */
  readonly others: readonly string[];
  /** The API server serves with it. */
  readonly isOfApiServer: boolean;
}

/** The keys in TLS Secrets, and why it is not known which one the API server serves with. */
export interface SharedKeys {
  readonly keys: readonly SharedKey[];
  readonly servingGaps: readonly Gap[];
}

/** Every TLS Secret that holds the key of its certificate, with who else has it. */
export const sharedKeys = defineIndex({
  id: 'shared-keys',
  needs: { secrets: tlsSecrets, handshake: attempt(apiServerHandshake) },
  build({ secrets, handshake }): SharedKeys {
    const serving = new Set('value' in handshake ? [handshake.value.serving, ...handshake.value.byName.flatMap(shown => ('chain' in shown ? [shown.chain] : []))].flatMap(([leaf]) => leaf?.publicKeySha256 ?? []) : []);
    // A certificate without its key gives nothing away, however often it is copied.
    const holding = secrets.flatMap(secret => {
      const key = secret.data?.key === 'fits' ? secret.data.chain.certificates[0]?.publicKeySha256 : undefined;
      return key === undefined ? [] : [{ secret, key }];
    });
    const byKey = Map.groupBy(holding, ({ key }) => key);
    const keys = holding.map(({ secret, key }) => ({
      secret,
      others: (byKey.get(key) ?? []).filter(other => other.secret.metadata.namespace !== secret.metadata.namespace).map(other => secretKey(other.secret)).sort(),
      isOfApiServer: serving.has(key),
    }));
    return { keys, servingGaps: 'gaps' in handshake ? handshake.gaps : [] };
  },
});
