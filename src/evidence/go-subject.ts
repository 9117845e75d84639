/** The parts of a subject that Go has written as one line (crypto/x509/pkix, `Name.String`). */
export interface GoSubject {
  readonly commonName?: string;
  /** In the order of the certificate. */
  readonly organizations: readonly string[];
}

/**
 * Reads `CN=system:node:worker-1,O=system:nodes`. Go writes the parts in reverse order, joins those of one kind with a plus,
 * puts a backslash before `,`, `+`, `"`, `\`, `<`, `>`, `;`, before a space at either end and before a leading `#`, and writes
 * kinds that it has no letters for as `#` and hexadecimal.
 * @throws {Error} the text is no such line
 */
export function parseGoSubject(text: string): GoSubject {
  const attributes = splitAttributes(text).map(attributeOf);
  const valuesOf = (wanted: string): string[] => attributes.flatMap(([kind, value]) => (kind === wanted ? [value] : []));
  const commonName = valuesOf('CN').at(-1) ?? '';
  return { ...(commonName === '' ? {} : { commonName }), organizations: valuesOf('O') };
}

/** Cuts at each comma and plus that no backslash stands before. */
function splitAttributes(text: string): string[] {
  if (text === '') return [];
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === ',' || character === '+') {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function attributeOf(part: string): readonly [kind: string, value: string] {
  const [, kind, escaped] = /^([A-Z]+|\d+(?:\.\d+)+)=(.*)$/s.exec(part) ?? [];
  if (kind === undefined || escaped === undefined || /(?:^|[^\\])(?:\\\\)*\\$/.test(escaped)) throw new Error('no subject as Go writes it');
  return [kind, escaped.replaceAll(/\\(.)/gsu, '$1')];
}
