import { childrenOf, elementAt, objectId, TAG, textOf } from './der.ts';

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

type Attribute = readonly [id: string, value: string];

/**
 * Reads a DER name as one line, in the order of its parts: `O=system:masters, CN=kubernetes-admin`.
 * @throws {Error} the bytes are no name
 */
export function formatDistinguishedName(der: Uint8Array): string {
  return attributesOf(der)
    .map(set => set.map(([id, value]) => `${ATTRIBUTES[id] ?? id}=${value}`).join(' + '))
    .join(', ');
}

/** Whom a DER name makes of the bearer. @throws {Error} the bytes are no name */
export function identityIn(der: Uint8Array): NameIdentity {
  const attributes = attributesOf(der).flat();
  const valuesOf = (wanted: string): string[] => attributes.flatMap(([id, value]) => (id === wanted ? [value] : []));
  const commonName = valuesOf('2.5.4.3').at(-1) ?? '';
  const uid = valuesOf(KUBERNETES_UID).at(-1);
  return {
    ...(commonName === '' ? {} : { commonName }),
    organizations: valuesOf('2.5.4.10'),
    ...(uid === undefined ? {} : { uid }),
  };
}

function attributesOf(der: Uint8Array): Attribute[][] {
  const name = elementAt(der, 0, TAG.sequence);
  if (name.end !== der.length) throw new Error('bytes behind the name');
  return childrenOf(name.content, TAG.set).map(set => childrenOf(set.content, TAG.sequence).map(({ content }) => attributeOf(content)));
}

function attributeOf(content: Uint8Array): Attribute {
  const type = elementAt(content, 0, TAG.objectId);
  return [objectId(type.content), textOf(elementAt(content, type.end))];
}
