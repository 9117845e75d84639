/** What a TLS server showed to a client that has no certificate and sends no request, as bytes. */
export interface RawTlsServer {
  /** DER, in the order of the server, its own certificate first. */
  readonly chain: readonly Uint8Array[];
  /**
   * Whether it wants a client certificate: `required` where it ended the handshake of a client without one, `requested`
   * where it asked and took none for an answer, `notAsked` where it did not ask.
   */
  readonly clientCertificate: 'required' | 'requested' | 'notAsked' | { readonly unknown: string };
  /** The names (DER) of the authorities whose client certificates it takes, where it asks for one; none at all means any. */
  readonly clientAuthorities: { readonly names: readonly Uint8Array[] } | { readonly unknown: string };
}
