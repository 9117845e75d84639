import { childrenOf, elementAt, firstIn, objectId, TAG, textOf, type DerElement } from './der.ts';

/** The attributes that certificates of a cluster use; any other keeps its dotted number. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
};

/** Kubernetes' own attribute for the uid of a user (apiserver pkg/authentication/request/x509, 1.33). */
const KUBERNETES_UID = '1.3.6.1.4.1.57683.2';

/** The parts of a name that make a user of the bearer of a client certificate. */
export interface NameIdentity {
  /** The last one, as Go keeps it; absent where there is none, or an empty one, and then the bearer is nobody. */
  readonly commonName?: string;
  /** Every one, in order, from inside sets of several attributes too. */
  readonly organizations: readonly string[];
  readonly uid?: string;
}

type Attribute = readonly [id: string, value: DerElement];

/**
 * Reads a DER name as one line, in the order of its parts: `O=system:masters, CN=kubernetes-admin`.
 * @throws {Error} the bytes are no name
 */
export function formatDistinguishedName(der: Uint8Array): string {
  return attributesOf(nameIn(der))
    .map(set => set.map(([id, value]) => `${ATTRIBUTES[id] ?? id}=${textOf(value)}`).join(' + '))
    .join(', ');
}

/**
 * A name as OpenSSL prints it, of which the parts are joined to one line; undefined where it would print a part otherwise than it
 * stands there (signs that it escapes, sets of several parts, rare kinds of part or text), so that it has to be asked.
 * @throws {Error} it is no name
 */
export function plainName(name: DerElement): string | undefined {
  const parts: string[] = [];
  for (const set of attributesOf(name)) {
    const [[id, value] = [], ...more] = set;
    const known = id === undefined ? undefined : ATTRIBUTES[id];
    if (known === undefined || value === undefined || more.length > 0 || !isPlain(value)) return undefined;
    parts.push(`${known}=${textOf(value)}`);
  }
  return parts.join(', ');
}

/** Text that is the same in every type that it may have, without what RFC 2253 escapes or a space at an end. */
function isPlain({ tag, bytes, from, end }: DerElement): boolean {
  if (tag !== TAG.utf8String && tag !== TAG.printableString && tag !== TAG.ia5String) return false;
  for (let at = from; at < end; at += 1) if (PLAIN[bytes[at] ?? 0] !== 1) return false;
  return from < end && bytes[from] !== SPACE && bytes[end - 1] !== SPACE;
}

const SPACE = 0x20;
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= SPACE && byte < 0x7f && !',+"<>;\\#'.includes(String.fromCharCode(byte)) ? 1 : 0));

/** Whom a DER name makes of the bearer. @throws {Error} the bytes are no name */
export function identityIn(der: Uint8Array): NameIdentity {
  return identityOf(nameIn(der));
}

/** Whom a name makes of the bearer. @throws {Error} it is no name */
export function identityOf(name: DerElement): NameIdentity {
  let commonName = '';
  let uid: string | undefined;
  const organizations: string[] = [];
  for (const set of attributesOf(name)) {
    for (const [id, value] of set) {
      if (id === '2.5.4.3') commonName = textOf(value);
      else if (id === '2.5.4.10') organizations.push(textOf(value));
      else if (id === KUBERNETES_UID) uid = textOf(value);
    }
  }
  return { ...(commonName === '' ? {} : { commonName }), organizations, ...(uid === undefined ? {} : { uid }) };
}

function nameIn(der: Uint8Array): DerElement {
  const name = elementAt(der, 0, TAG.sequence);
  if (name.end !== der.length) throw new Error('bytes behind the name');
  return name;
}

function attributesOf(name: DerElement): Attribute[][] {
  return childrenOf(name, TAG.set).map(set => childrenOf(set, TAG.sequence).map(attributeIn));
}

function attributeIn(attribute: DerElement): Attribute {
  const type = firstIn(attribute, TAG.objectId);
  return [objectId(type), elementAt(attribute.bytes, type.end, undefined, attribute.end)];
}
