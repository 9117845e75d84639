/** What a list says of itself, besides its items. */
export interface ListHead {
  readonly kind: string;
  /** The token of the next page; empty on the last one. */
  readonly next: string;
}

/**
 * Reads one page of a list while it arrives. It calls back with the head as soon as that is known, which is before the
 * first item wherever an API server wrote the answer, and with each item.
 */
export interface ListReader {
  /** @throws {Malformed} as soon as it shows */
  readonly push: (chunk: Uint8Array) => void;
  /** After the last chunk. @throws {Malformed} where the list is not whole */
  readonly end: () => ListHead;
}

/** An answer that is not what it should be; the message says what, and quotes nothing of it. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** etcd takes 1.5 MiB for an object unless told otherwise; nothing real comes near this. */
export const LONGEST_ITEM = 64 * 1024 * 1024;
/** Kind, version and list metadata take less than a kilobyte. */
export const LONGEST_ENVELOPE = 1024 * 1024;
