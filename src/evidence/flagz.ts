import { KEPT_FLAG_VALUES } from './command-flags.ts';

/** The flags that a component runs with, defaults included. */
export interface Flagz {
  /** The names of all flags. */
  readonly names: readonly string[];
  /** The values of the flags in {@link KEPT_FLAG_VALUES}; an empty value is one that was not set. */
  readonly values: Readonly<Record<string, string>>;
}

/** The only form with a contract. The text form changes its separator from one process to the next. */
export const FLAGZ_ACCEPT = 'application/json;as=Flagz;v=v1beta1;g=config.k8s.io';

/**
 * Reads /flagz as config.k8s.io/v1beta1 (k8s.io/apiserver pkg/server/flagz).
 * @throws {Error} where it is anything else
 */
export function parseFlagz(body: string): Flagz {
  const answer: unknown = JSON.parse(body);
  if (!isRecord(answer) || answer['kind'] !== 'Flagz' || answer['apiVersion'] !== 'config.k8s.io/v1beta1') {
    throw new Error('the answer is no Flagz of config.k8s.io/v1beta1');
  }
  const flags = answer['flags'];
  if (!isRecord(flags) || !Object.values(flags).every(value => typeof value === 'string')) {
    throw new Error('the Flagz holds no map of flags');
  }
  const kept = Object.entries(flags as Record<string, string>).filter(([name]) => KEPT_FLAG_VALUES.has(name));
  return { names: Object.keys(flags).sort(), values: Object.fromEntries(kept) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
