import { Problem } from '../problem.ts';

/** Typed access to one mapping of the file. Every reader takes an absent or null field for the empty value. */
export interface Fields {
  readonly raw: (key: string) => unknown;
  readonly text: (key: string) => string;
  readonly texts: (key: string) => readonly string[];
  readonly flag: (key: string) => boolean;
  readonly data: (key: string) => string | undefined;
  readonly object: <T>(key: string, read: (fields: Fields) => T) => T | undefined;
  readonly list: <T>(key: string, read: (fields: Fields) => T) => readonly T[];
  readonly map: <T>(key: string, read: (fields: Fields, key: string) => T) => ReadonlyMap<string, T>;
  readonly named: <T>(key: string, inner: string, read: (fields: Fields) => T) => ReadonlyMap<string, T>;
}

/** @throws {Problem} here or from a reader: a value of another type; its place is named, the value never */
export function fieldsOf(value: unknown, where: string, file: string): Fields {
  const at = (key: string): string => (where === '' ? key : `${where}.${key}`);
  const wrong = (place: string, expected: string): Problem =>
    new Problem(`${file} is no usable kubeconfig: ${place === '' ? 'it' : place} is not ${expected}; correct it or name another with --kubeconfig`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'a mapping');
  const own = value as Readonly<Record<string, unknown>>;
  const raw = (key: string): unknown => (Object.hasOwn(own, key) ? own[key] : undefined);
  const items = (key: string): readonly unknown[] => {
    const list = raw(key) ?? [];
    if (!Array.isArray(list)) throw wrong(at(key), 'a list');
    return list;
  };
  const text = (key: string): string => {
    const found = raw(key) ?? '';
    if (typeof found !== 'string') throw wrong(at(key), 'text (a number or a word such as true needs quotes)');
    return found;
  };
  return {
    raw,
    text,
    texts: key => items(key).map((item, index) => fieldsOf({ item }, `${at(key)}[${index}]`, file).text('item')),
    flag: key => {
      const found = raw(key) ?? false;
      // kubectl reads YAML 1.1, where these words are booleans too.
      const isTrue = found === true || (typeof found === 'string' && /^(y|yes|on)$/i.test(found));
      const isFalse = found === false || (typeof found === 'string' && /^(n|no|off)$/i.test(found));
      if (!isTrue && !isFalse) throw wrong(at(key), 'true or false');
      return isTrue;
    },
    data: key => {
      const encoded = text(key).replaceAll(/[\r\n]/g, '');
      if (encoded === '') return undefined;
      if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) throw wrong(at(key), 'base64');
      return Buffer.from(encoded, 'base64').toString('utf8');
    },
    object: (key, read) => (raw(key) == null ? undefined : read(fieldsOf(raw(key), at(key), file))),
    list: (key, read) => items(key).map((item, index) => read(fieldsOf(item, `${at(key)}[${index}]`, file))),
    map: (key, read) => {
      const mapping = raw(key) ?? {};
      const inner = fieldsOf(mapping, at(key), file);
      return new Map(Object.keys(mapping).map(name => [name, read(inner, name)]));
    },
    named: (key, innerKey, read) => {
      const entries = new Map<string, ReturnType<typeof read>>();
      items(key).forEach((item, index) => {
        const fields = fieldsOf(item, `${key}[${index}]`, file);
        const name = fields.text('name');
        if (entries.has(name)) throw wrong(key, `free of duplicates (it names ${JSON.stringify(name)} twice)`);
        entries.set(name, read(fieldsOf(fields.raw(innerKey) ?? {}, `${key}[${index}].${innerKey}`, file)));
      });
      return entries;
    },
  };
}
