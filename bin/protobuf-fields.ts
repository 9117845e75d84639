import type { WireField, WireSchema } from '../src/collect/protobuf-schema.ts';
import type { AnyField, AnyFieldTree } from '../src/evidence/fields.ts';
import type { Source } from '../src/evidence/source.ts';

/** The part of a schema that reading these sources takes: declared fields, and all below where a function decides. */
export function declaredWireFields(schema: WireSchema, sources: Iterable<Source>): WireSchema {
  const kinds = new Map<string, string>();
  const kept = new Map<string, Set<string>>();
  for (const { read } of sources) {
    if (read.how !== 'list' || read.metadataOnly === true) continue;
    const kind = `${read.apiVersion}/${read.kind}`;
    const message = schema.kinds[kind];
    if (message === undefined) continue;
    kinds.set(kind, message);
    keepTree(message, read.fields);
  }
  const messages = [...kept].map(([name, names]): [string, readonly WireField[]] =>
    [name, (schema.messages[name] ?? []).filter(([field, number]) => names.has(keyOf(field, number)))]);
  return {
    release: schema.release,
    date: schema.date,
    kinds: Object.fromEntries([...kinds].sort(byName)),
    messages: Object.fromEntries(messages.sort(byName)),
  };

  function keepTree(message: string, tree: AnyFieldTree): void {
    for (const [name, wanted] of Object.entries(tree)) if (wanted !== undefined) keepField(message, name, wanted);
  }

  /** True where the message, or a struct that it embeds, has such a field. */
  function keepField(message: string, name: string, wanted: AnyField): boolean {
    for (const [field, number, type] of schema.messages[message] ?? []) {
      if (field === '' ? !keepField(type, name, wanted) : field !== name) continue;
      const names = namesOf(message);
      names.add(keyOf(field, number));
      const inner = type.replace(/^(\*|\[\]|\{\})/, '');
      if (field === '') return true;
      if (typeof wanted === 'function') keepWhole(inner);
      else if (wanted !== true) keepTree(inner, Array.isArray(wanted) ? (wanted as readonly [AnyFieldTree])[0] : (wanted as AnyFieldTree));
      return true;
    }
    return false;
  }

  function keepWhole(message: string): void {
    const names = namesOf(message);
    for (const [field, number, type] of schema.messages[message] ?? []) {
      if (names.has(`whole ${number}`)) continue;
      names.add(keyOf(field, number)).add(`whole ${number}`);
      keepWhole(type.replace(/^(\*|\[\]|\{\})/, ''));
    }
  }

  function namesOf(message: string): Set<string> {
    const names = kept.get(message) ?? new Set<string>();
    if (schema.messages[message] !== undefined) kept.set(message, names);
    return names;
  }
}

/** One message a line, so that a change shows as one. */
export function renderWireSchema({ release, date, kinds, messages }: WireSchema): string {
  const object = (entries: object): string =>
    Object.entries(entries).sort(byName).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n');
  return `{\n  "release": ${JSON.stringify(release)},\n  "date": ${JSON.stringify(date)},\n  "kinds": {\n${object(kinds)}\n  },\n  "messages": {\n${object(messages)}\n  }\n}\n`;
}

function keyOf(name: string, number: number): string {
  return name === '' ? `embedded ${number}` : name;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
