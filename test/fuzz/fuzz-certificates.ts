import { X509Certificate } from 'node:crypto';
import { readServerFlight, UnreadableFlight } from '../../src/cluster/server-flight.ts';
import { readCertificateBody } from '../../src/evidence/certificate-body.ts';
import { certificateFacts } from '../../src/evidence/certificate-facts.ts';
import { childrenOf, elementAt, type DerElement } from '../../src/evidence/der.ts';
import { formatDistinguishedName, identityIn } from '../../src/evidence/distinguished-name.ts';
import { certificatesInPem } from '../../src/evidence/pem.ts';
import { requestFacts } from '../../src/evidence/signing-request.ts';
import { tlsContents } from '../../src/evidence/tls-contents.ts';
import { flightAround } from './server-flight-input.ts';

/** What went wrong with one input. */
export interface Failure {
  readonly reader: string;
  readonly problem: string;
  /** Hexadecimal. */
  readonly input: string;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly seconds: number;
  /** The longest that one input took, in milliseconds of this process. */
  readonly slowest: number;
  /** Inputs that some reader took for good, so that it is known that not all were refused at the first byte. */
  readonly accepted: number;
  readonly failures: readonly Failure[];
}

/** Beyond it an input hangs the reader, however busy the machine is. */
const LONGEST_MS = 2000;
const MOST_FAILURES = 10;

/** A small generator with a seed, so that a run can be had again (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value = (value + Math.imul(value ^ (value >>> 7), value | 61)) ^ value;
    return (value ^ (value >>> 14)) >>> 0;
  };
}

/** Readers of DER: the value does not matter, only how it ends. Each may throw an Error that says that it is none. */
const BINARY: readonly (readonly [string, (bytes: Buffer) => unknown])[] = [
  ['certificate-facts', asOpenSslHasIt],
  ['certificate-body', readCertificateBody],
  ['distinguished-name', bytes => [formatDistinguishedName(bytes), identityIn(bytes)]],
  ['server-flight', readServerFlight],
];

/** What is read of a usual certificate without OpenSSL is what OpenSSL says, and what it refuses is none. @throws {TypeError} it is not */
function asOpenSslHasIt(bytes: Buffer): void {
  const facts = certificateFacts(bytes);
  const said = openSslOn(bytes);
  const time = (text: string): string => `${new Date(text).toISOString().slice(0, -5)}Z`;
  const line = (name: string | undefined): string => (name ?? '').trim().replaceAll('\n', ', ');
  const isSame = said !== undefined && facts.subject === line(said.subject) && facts.issuer === line(said.issuer) && facts.serial === said.serialNumber
    && facts.notBefore === time(said.validFrom) && facts.notAfter === time(said.validTo) && facts.sha256 === said.fingerprint256.replaceAll(':', '').toLowerCase();
  if (!isSame) throw new TypeError('OpenSSL says something else');
}

function openSslOn(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Readers of text, which never throw: what cannot be read is said in what they return. */
const TEXT: readonly (readonly [string, (text: string) => unknown])[] = [
  ['pem', certificatesInPem],
  ['signing-request', text => requestFacts(Buffer.from(text).toString('base64'))],
  ['tls-contents', text => tlsContents({ 'tls.crt': Buffer.from(text), 'tls.key': Buffer.from(text) })],
];

/**
 * Feeds the readers of certificates with random bytes and with real certificates that were changed.
 * @param corpus real certificates and requests in DER
 */
export function fuzzCertificates(corpus: readonly Buffer[], { seed, inputs }: { readonly seed: number; readonly inputs: number }): FuzzResult {
  const next = generator(seed);
  const below = (limit: number): number => next() % Math.max(1, limit);
  const failures: Failure[] = [];
  const begun = performance.now();
  let slowest = 0;
  let accepted = 0;
  let done = 0;
  for (; done < inputs && failures.length < MOST_FAILURES; done += 1) {
    const bytes = inputOf(corpus, below);
    const started = performance.now();
    // A tenth goes as text: PEM around it, broken in its own ways.
    const isText = done % 10 === 0;
    const [reader, problem] = isText ? readText(pemAround(bytes, below), below) : readBinary(bytes, below);
    const took = performance.now() - started;
    slowest = Math.max(slowest, took);
    if (problem === undefined) accepted += 1;
    else if (problem !== 'refused') failures.push({ reader, problem, input: bytes.toString('hex') });
    if (took > LONGEST_MS) failures.push({ reader, problem: `took ${Math.round(took)} ms`, input: bytes.toString('hex') });
  }
  return { inputs: done, seconds: (performance.now() - begun) / 1000, slowest, accepted, failures };
}

type Outcome = readonly [reader: string, problem: string | undefined];

function readBinary(bytes: Buffer, below: (limit: number) => number): Outcome {
  // Most of them go to the reader that everything passes through.
  const [reader, read] = BINARY[below(3) === 0 ? below(BINARY.length) : 0] ?? ['', () => undefined];
  // A flight is whole around what may be no certificate, or changed itself.
  const given = read !== readServerFlight ? bytes : below(2) === 0 ? flightAround(bytes) : changed(flightAround(bytes), [bytes], below);
  // Beyond its end lies another byte, so that whoever reads too far reads something.
  const held = Buffer.concat([given, Buffer.alloc(16, 0x30)]);
  try {
    read(held.subarray(0, given.length));
    assertBounded(bytes);
    return [reader, undefined];
  } catch (error) {
    return [reader, isRefusal(error) ? 'refused' : String(error)];
  }
}

function readText(text: string, below: (limit: number) => number): Outcome {
  const [reader, read] = TEXT[below(TEXT.length)] ?? ['', () => undefined];
  try {
    read(text);
    return [reader, undefined];
  } catch (error) {
    return [reader, String(error)];
  }
}

/** An Error of this program or of OpenSSL; what JavaScript throws at a mistake in a program (TypeError, RangeError) is none. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof UnreadableFlight) return true;
  return error.constructor === Error || ('code' in error && typeof error.code === 'string' && /^ERR_(OSSL|CRYPTO)/.test(error.code));
}

/** No element reaches beyond the bytes that it was read from. @throws {TypeError} one does */
function assertBounded(bytes: Buffer): void {
  let whole;
  try {
    whole = elementAt(bytes, 0);
  } catch (error) {
    if (error instanceof Error) return;
    throw error;
  }
  const isBounded = whole.end <= bytes.length && childrenIn(whole).every(({ end }) => end <= whole.end);
  if (!isBounded) throw new TypeError('an element reaches beyond its bytes');
}

function childrenIn(whole: DerElement): readonly DerElement[] {
  try {
    return childrenOf(whole);
  } catch (error) {
    if (error instanceof Error) return [];
    throw error;
  }
}

/** Random bytes now and then; else a real one with some bytes changed, cut, doubled, or lengths that lie. */
function inputOf(corpus: readonly Buffer[], below: (limit: number) => number): Buffer {
  if (below(20) === 0) return Buffer.from(Array.from({ length: below(300) }, () => below(256)));
  let bytes: Buffer = Buffer.from(corpus[below(corpus.length)] ?? Buffer.alloc(0));
  for (let change = below(4); change >= 0; change -= 1) bytes = changed(bytes, corpus, below);
  return bytes;
}

function changed(bytes: Buffer, corpus: readonly Buffer[], below: (limit: number) => number): Buffer {
  const at = below(bytes.length);
  switch (below(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      const end = at + below(60);
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(8))]);
    case 3: {
      // Lengths, tags and their neighbours: where the structure is.
      const place = bytes.findIndex((byte, index) => index >= at && (byte === 0x30 || byte === 0x06 || byte === 0x82 || byte === 0xa3));
      if (place >= 0) bytes[place + below(3)] = [0x80, 0x84, 0xff, 0x00, 0x7f, 0x30, 0x1e, 0x05][below(8)] ?? 0;
      return bytes;
    }
    case 4: {
      const other = corpus[below(corpus.length)] ?? bytes;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length))]);
    }
    case 5:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      return bytes;
    default:
      bytes[at] = below(256);
      return bytes;
  }
}

const LABELS = ['CERTIFICATE', 'TRUSTED CERTIFICATE', 'X509 CERTIFICATE', 'CERTIFICATE REQUEST', 'PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PARAMETERS'];

function pemAround(bytes: Buffer, below: (limit: number) => number): string {
  const label = LABELS[below(LABELS.length)] ?? '';
  const lines = bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  const whole = `-----BEGIN ${label}-----\n${lines}-----END ${below(10) === 0 ? 'OTHER' : label}-----`;
  switch (below(7)) {
    case 0:
      return whole.replaceAll(/^/gm, '  ');
    case 1:
      return `\ufeff${whole.replaceAll('\n', '\r\n')}`;
    case 2:
      return whole + whole;
    case 3:
      return whole.slice(0, below(whole.length));
    case 4:
      return `${whole.slice(0, below(whole.length))}\0${whole}`;
    case 5:
      return bytes.toString('latin1') + whole;
    default:
      return whole;
  }
}
