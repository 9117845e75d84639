import { childrenOf, elementAt, firstIn, objectId, TAG, type DerElement } from './der.ts';

/** Context-specific tags inside a certificate's body. */
const CONTEXT = { version: 0xa0, extensions: 0xa3 } as const;

const RSA = '1.2.840.113549.1.1.1';
const EC = '1.2.840.10045.2.1';

/** How many bytes a point takes on the curves that have a name here, uncompressed. */
const POINTS: Readonly<Record<string, number>> = { '1.2.840.10045.3.1.7': 65, '1.3.132.0.34': 97, '1.3.132.0.35': 133 };

/** OpenSSL has limits of its own, far above. */
const LONGEST = 64 * 1024;

/**
 * Whether bytes have the form that nearly every certificate has: version 3 in strict DER from the first byte to the last, an RSA key
 * or a point of a usual curve, dates in one of two forms. OpenSSL takes each of them as it stands, as long as it can read its names,
 * so that it need not be asked, which takes longer than all the rest. False says nothing: then it has to be asked.
 */
export function isUsualCertificate(der: Uint8Array): boolean {
  try {
    if (der.length > LONGEST) return false;
    const whole = elementAt(der, 0, TAG.sequence);
    const [body, algorithm, signature, ...more] = strictIn(whole);
    return whole.end === der.length && isStrict(whole) && more.length === 0
      && body?.tag === TAG.sequence && isUsualBody(strictIn(body))
      && algorithm !== undefined && isAlgorithm(algorithm)
      && signature !== undefined && isWholeBytes(signature);
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

function isUsualBody([version, serial, algorithm, issuer, validity, subject, key, extensions, ...more]: readonly DerElement[]): boolean {
  return version?.tag === CONTEXT.version && isVersion3(version)
    && serial !== undefined && isInteger(serial)
    && algorithm !== undefined && isAlgorithm(algorithm)
    && issuer !== undefined && isName(issuer)
    && validity?.tag === TAG.sequence && isValidity(strictIn(validity))
    && subject !== undefined && isName(subject)
    && key?.tag === TAG.sequence && isUsualKey(strictIn(key))
    && (extensions === undefined || (extensions.tag === CONTEXT.extensions && areExtensions(extensions)))
    && more.length === 0;
}

function isVersion3({ bytes, from, end }: DerElement): boolean {
  return end - from === 3 && bytes[from] === TAG.integer && bytes[from + 1] === 1 && bytes[from + 2] === 2;
}

function isValidity([notBefore, notAfter, ...more]: readonly DerElement[]): boolean {
  return isTime(notBefore) && isTime(notAfter) && more.length === 0;
}

function isTime(time: DerElement | undefined): boolean {
  return time?.tag === TAG.utcTime || time?.tag === TAG.generalizedTime;
}

/** What its values are is another question. */
function isName(name: DerElement): boolean {
  if (name.tag !== TAG.sequence) return false;
  for (const set of strictIn(name)) {
    const attributes = set.tag === TAG.set ? strictIn(set) : [];
    if (attributes.length !== 1 || attributes[0]?.tag !== TAG.sequence) return false;
    const [type, value, ...more] = strictIn(attributes[0]);
    if (type === undefined || !isObjectId(type) || value === undefined || more.length > 0) return false;
  }
  return true;
}

function isUsualKey([algorithm, key, ...more]: readonly DerElement[]): boolean {
  if (algorithm?.tag !== TAG.sequence || key === undefined || !isWholeBytes(key) || more.length > 0) return false;
  const [id, parameters, ...others] = strictIn(algorithm);
  if (id === undefined || !isObjectId(id) || parameters === undefined || others.length > 0) return false;
  const kind = objectId(id);
  if (kind === EC) return isObjectId(parameters) && POINTS[objectId(parameters)] === key.end - key.from - 1 && key.bytes[key.from + 1] === 4;
  if (kind !== RSA || !isNull(parameters)) return false;
  const inner = elementAt(key.bytes, key.from + 1, TAG.sequence, key.end);
  const [modulus, exponent, ...rest] = strictIn(inner);
  return isStrict(inner) && inner.end === key.end && modulus !== undefined && isInteger(modulus) && exponent !== undefined && isInteger(exponent) && rest.length === 0;
}

function areExtensions(holder: DerElement): boolean {
  const list = firstIn(holder, TAG.sequence);
  return isStrict(list) && list.end === holder.end && strictIn(list).every(isExtension);
}

function isExtension(extension: DerElement): boolean {
  if (extension.tag !== TAG.sequence) return false;
  const parts = strictIn(extension);
  const [id, critical] = parts;
  const isCritical = parts.length === 3 && critical?.tag === TAG.boolean && critical.end - critical.from === 1 && critical.bytes[critical.from] === 0xff;
  return (parts.length === 2 || isCritical) && id !== undefined && isObjectId(id) && parts.at(-1)?.tag === TAG.octetString;
}

/** A kind of signature without parameters, or with none in the old way of saying so. */
function isAlgorithm(algorithm: DerElement): boolean {
  if (algorithm.tag !== TAG.sequence) return false;
  const [id, parameters, ...more] = strictIn(algorithm);
  return id !== undefined && isObjectId(id) && (parameters === undefined || isNull(parameters)) && more.length === 0;
}

function isNull({ tag, from, end }: DerElement): boolean {
  return tag === TAG.null && from === end;
}

/** A positive one, or zero, in as few bytes as it takes. */
function isInteger({ tag, bytes, from, end }: DerElement): boolean {
  const first = bytes[from] ?? 0;
  return tag === TAG.integer && end > from && first < 0x80 && (first > 0 || end - from === 1 || (bytes[from + 1] ?? 0) >= 0x80);
}

/** Numbers in as few bytes as they take, the last one whole. */
function isObjectId({ tag, bytes, from, end }: DerElement): boolean {
  let isBegun = false;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (!isBegun && byte === 0x80) return false;
    isBegun = byte >= 0x80;
  }
  return tag === TAG.objectId && end > from && !isBegun;
}

/** Bits that are whole bytes. */
function isWholeBytes({ tag, bytes, from, end }: DerElement): boolean {
  return tag === TAG.bitString && end > from && bytes[from] === 0;
}

/** What fills an element. @throws {Error} one of them is written otherwise than in strict DER */
function strictIn(element: DerElement): DerElement[] {
  const children = childrenOf(element);
  for (const child of children) if (!isStrict(child)) throw new Error('not as short as can be');
  return children;
}

/** Whether tag and length take as few bytes as they can. */
function isStrict({ tag, start, from, end }: DerElement): boolean {
  const length = end - from;
  return (tag & 0x1f) !== 0x1f && from - start === (length < 0x80 ? 2 : length < 0x100 ? 3 : 4);
}
