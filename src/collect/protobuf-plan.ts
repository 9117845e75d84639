import { isTakingBytes, type AnyField, type AnyFieldTree } from '../evidence/fields.ts';
import type { WireField, WireSchema } from './protobuf-schema.ts';

/** How to read a value: one word for each wire shape. */
export type ValuePlan =
  | { readonly type: 'string' | 'bool' | 'int' | 'bytes' | 'rawBytes' | 'time' | 'microTime' | 'quantity' | 'intOrString' | 'rawJson' | 'listMessage' }
  | { readonly type: 'message'; readonly message: MessagePlan };

/** One kept field of a message. */
export interface Slot {
  readonly name: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly value: ValuePlan;
  /** A Go pointer: on the wire exactly when JSON shows it. Any other single value always has one, if only zero. */
  readonly isPointer: boolean;
  /** JSON leaves the zero value out. */
  readonly omitsZero: boolean;
  /** Decides what stays, from the whole value as JSON shows it. */
  readonly leaf?: (value: never) => unknown;
  /** Part of what a function looks at, nulls included. */
  readonly isWhole: boolean;
  /** JSON shows null where nothing was sent, and somebody may look. */
  readonly showsNull: boolean;
}

/** What of a message is read: field numbers to slots, or to more numbers where Go embeds a struct. */
export interface MessagePlan {
  readonly slots: Slot[];
  readonly fields: Map<number, FieldPlan>;
}

export type FieldPlan = { readonly slot: number } | { readonly embedded: Map<number, FieldPlan> };

/** A tree that asks for what the schema does not say how to read; that list is read as JSON. */
class NotInSchema extends Error {}

/**
 * Works out how to read the declared fields of a kind, or undefined where it is not a built-in kind or a field is not in
 * the schema: then JSON says the same, more slowly.
 */
export function planOf(schema: WireSchema, apiVersion: string, kind: string, tree: AnyFieldTree): MessagePlan | undefined {
  const kindName = `${apiVersion}/${kind}`;
  const message = Object.hasOwn(schema.kinds, kindName) ? schema.kinds[kindName] : undefined;
  if (message === undefined) return undefined;
  try {
    return compile(schema, message, tree);
  } catch (error) {
    if (error instanceof NotInSchema) return undefined;
    throw error;
  }
}

/** The fields of a message as they stand in its JSON object, those of embedded structs too, with the way to them. */
function flatFields(schema: WireSchema, message: string, way: readonly number[] = []): { field: WireField; way: readonly number[] }[] {
  const fields = Object.hasOwn(schema.messages, message) ? schema.messages[message] : undefined;
  if (fields === undefined) throw new NotInSchema(message);
  return fields.flatMap(field => {
    const [name, number, type] = field;
    return name === '' ? flatFields(schema, type, [...way, number]) : [{ field, way: [...way, number] }];
  });
}

function compile(schema: WireSchema, message: string, tree: AnyFieldTree): MessagePlan {
  const known = new Map(flatFields(schema, message).map(found => [found.field[0], found]));
  const plan: MessagePlan = { slots: [], fields: new Map() };
  const wholes = new Map<string, MessagePlan>();
  // In the order of the tree, as the projection of JSON writes it.
  for (const [name, wanted] of Object.entries(tree)) {
    if (wanted === undefined) continue;
    const found = known.get(name);
    if (found === undefined) throw new NotInSchema(`${message}.${name}`);
    add(plan, found.way, slotOf(schema, found.field, wanted, wholes));
  }
  return plan;
}

/** A message of which everything is read, because a function is going to look at it. */
function compileWhole(schema: WireSchema, message: string, wholes: Map<string, MessagePlan>): MessagePlan {
  const known = wholes.get(message);
  if (known !== undefined) return known;
  const plan: MessagePlan = { slots: [], fields: new Map() };
  // Before its fields, because a message may hold itself.
  wholes.set(message, plan);
  for (const { field, way } of flatFields(schema, message)) add(plan, way, slotOf(schema, field, 'whole', wholes));
  return plan;
}

function add(plan: MessagePlan, way: readonly number[], slot: Slot): void {
  let fields = plan.fields;
  for (const number of way.slice(0, -1)) {
    const there = fields.get(number) ?? { embedded: new Map<number, FieldPlan>() };
    fields.set(number, there);
    if (!('embedded' in there)) throw new Error(`field ${number} is embedded and not`);
    fields = there.embedded;
  }
  fields.set(way.at(-1) ?? 0, { slot: plan.slots.push(slot) - 1 });
}

function slotOf(schema: WireSchema, field: WireField, wanted: AnyField | 'whole', wholes: Map<string, MessagePlan>): Slot {
  const [name, , type, omitted] = field;
  const [sign = ''] = /^(\*|\[\]|\{\})?/.exec(type) ?? [];
  const base = type.slice(sign.length);
  const shape = sign === '[]' ? 'list' : sign === '{}' ? 'map' : 'one';
  const isWhole = wanted === 'whole' || typeof wanted === 'function';
  const isStruct = ['time', 'microTime', 'quantity', 'intOrString', 'rawJson'].includes(base) || base.includes('.');
  return {
    name,
    shape,
    value: valueOf(),
    isPointer: sign === '*',
    // Go's omitempty takes a struct for something; omitzero does not.
    omitsZero: omitted === 'z' || (omitted === 'o' && !isStruct),
    ...(typeof wanted === 'function' ? { leaf: wanted } : {}),
    isWhole: wanted === 'whole',
    showsNull: wanted === 'whole' && omitted === '',
  };

  function valueOf(): ValuePlan {
    switch (base) {
      case 'string': case 'bool': case 'int': case 'bytes': case 'time': case 'microTime': case 'quantity': case 'intOrString': case 'rawJson': case 'listMessage':
        if (!isWhole && wanted !== true) throw new NotInSchema(name);
        return { type: base === 'bytes' && typeof wanted === 'function' && isTakingBytes(wanted) ? 'rawBytes' : base };
    }
    if (base === 'unsupported' || wanted === true) throw new NotInSchema(name);
    if (isWhole) return { type: 'message', message: compileWhole(schema, base, wholes) };
    const isList = Array.isArray(wanted);
    if (isList !== (shape === 'list') || shape === 'map') throw new NotInSchema(name);
    return { type: 'message', message: compile(schema, base, isList ? (wanted as readonly [AnyFieldTree])[0] : (wanted as AnyFieldTree)) };
  }
}
