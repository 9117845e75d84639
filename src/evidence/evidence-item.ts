import type { ResourceRef } from './resource-ref.ts';

/**
 * How well a value is known: `exact` was read as it is, `inferred` follows from something else that was read,
 * `bound` is a limit only (at least, at most).
 */
export type Grade = 'exact' | 'inferred' | 'bound';

/** A command as an argument list. It becomes a line to type only through the one quoter, since names may hold `$(...)`. */
export type Argv = readonly string[];

/** One value that a verdict stands on, and how a person sees it with their own eyes. */
export type EvidenceItem = {
  /** The object it was read from, where that is not the finding's own resource. */
  readonly resource?: ResourceRef;
  /** Where in the object or answer: `rules[0]`, `apiserver_storage_...{resource="secrets"}`. */
  readonly path: string;
  readonly value: unknown;
  readonly grade: Grade;
} & (
  | { readonly reproduce: Argv }
  /** Where one command cannot show it: how it was worked out. */
  | { readonly derivation: string }
);
