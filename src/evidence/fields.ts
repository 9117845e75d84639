/**
 * What a source keeps of an object, declared as a tree of fields. From the one declaration follow the TypeScript type,
 * the projection, the redaction and the page that says what is read. A field that is not declared never enters memory
 * as part of the evidence, so it cannot be leaked, and it cannot read as undefined and pass a check either.
 */

type Scalar = string | number | boolean;

/** JSON as it comes off the wire: the client's models call timestamps `Date`, the API sends strings. */
type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T;

/** Only values without inner structure may be kept whole: scalars, lists of scalars, maps of strings. */
type Keepable = Scalar | Date | readonly Scalar[] | { [key: string]: string };

/**
 * A leaf that must be matched and dropped (environment, arguments, annotations): gets the raw value, returns what may
 * stay. The function must return plain JSON.
 */
export type Leaf<V = never> = (value: Wire<V>) => unknown;

/**
 * Marks a leaf for values that Kubernetes keeps as bytes and that must not become text on the way: from protobuf it gets
 * the bytes themselves, which are good until it returns; JSON knows base64 only.
 */
export function takesBytes<F extends (value: never) => unknown>(leaf: F): F {
  return Object.assign(leaf, { [BYTES]: true });
}

const BYTES = Symbol('takes bytes');

/** Whether a leaf was marked so. */
export function isTakingBytes(leaf: object): boolean {
  return BYTES in leaf;
}

export type Field<V> =
  | Leaf<V>
  | (V extends Keepable ? true : never)
  | (V extends Keepable
      ? never
      : V extends readonly (infer Item)[]
        ? readonly [FieldTree<Item>]
        : V extends object
          ? FieldTree<V>
          : never);

/** The declared fields of `T`: `true` keeps, a tree goes deeper, `[tree]` maps over a list, a function decides. */
export type FieldTree<T> = { readonly [K in keyof T]?: Field<NonNullable<T[K]>> };

type ProjectedField<V, F> = F extends (value: never) => infer R
  ? R
  : F extends true
    ? Wire<V>
    : F extends readonly [infer Inner]
      ? V extends readonly (infer Item)[]
        ? readonly Projected<Item, Inner>[]
        : never
      : Projected<V, F>;

type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];

/** What is left of a `T` after projecting it by the tree `F`. */
export type Projected<T, F> = {
  readonly [K in keyof F & RequiredKeys<T> & keyof T]: ProjectedField<NonNullable<T[K]>, F[K]>;
} & {
  readonly [K in Exclude<keyof F & keyof T, RequiredKeys<T>>]?: ProjectedField<NonNullable<T[K]>, F[K]>;
};

/** The tree without its types, as the projection walks it. */
export type AnyField = true | ((value: never) => unknown) | readonly [AnyFieldTree] | AnyFieldTree;
export interface AnyFieldTree {
  readonly [name: string]: AnyField | undefined;
}

/**
 * Projects a decoded JSON object by a field tree. Values whose shape is not what the tree expects (a list where an
 * object should be) are dropped, never passed on: a server that lies about types must not smuggle a value past.
 */
export function project(tree: AnyFieldTree, value: unknown): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  if (!isObject(value)) return kept;
  for (const [name, field] of Object.entries(tree)) {
    if (field === undefined || !Object.hasOwn(value, name)) continue;
    const projected = projectField(field, value[name]);
    if (projected !== undefined) kept[name] = projected;
  }
  return kept;
}

function projectField(field: AnyField, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (field === true) return isKeepable(value) ? value : undefined;
  if (typeof field === 'function') return field(value as never);
  if (isListField(field)) {
    return Array.isArray(value) ? value.map(item => project(field[0], item)) : undefined;
  }
  return isObject(value) ? project(field, value) : undefined;
}

function isListField(field: AnyField): field is readonly [AnyFieldTree] {
  return Array.isArray(field);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isKeepable(value: unknown): boolean {
  if (isScalar(value)) return true;
  if (Array.isArray(value)) return value.every(isScalar);
  return isObject(value) && Object.values(value).every(isScalar);
}

/** The dotted paths a tree keeps, for the page "what secaudit reads": `spec.containers[].image`. */
export function declaredPaths(tree: AnyFieldTree, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (field === undefined) return [];
    if (field === true) return [path];
    if (typeof field === 'function') return [`${path} (matched, then reduced)`];
    return isListField(field) ? declaredPaths(field[0], `${path}[]`) : declaredPaths(field, path);
  });
}
