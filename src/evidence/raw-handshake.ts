/** What a TLS server showed before anybody logged in, as bytes. */
export interface RawHandshake {
  /** DER, in the order of the server, its own certificate first. */
  readonly serving: readonly Uint8Array[];
  /** What it shows to a client that asks for the name that API servers call themselves by, or why that is not known. */
  readonly loopback: { readonly chain: readonly Uint8Array[] } | { readonly unknown: string };
  /** What it shows to clients that ask for the names that a cluster calls it by; without a name, as clients by address ask, for the empty one. */
  readonly byName: readonly ({ readonly serverName: string } & ({ readonly chain: readonly Uint8Array[] } | { readonly unknown: string }))[];
  /** The names (DER) of the authorities whose client certificates it takes, or why they are not known. */
  readonly clientAuthorities: { readonly names: readonly Uint8Array[] } | { readonly unknown: string };
  /** What it answers to GET /version without any credential. */
  readonly anonymousVersion: { readonly status: number; readonly body: string } | { readonly unknown: string };
}
