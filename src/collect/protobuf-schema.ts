/**
 * One field of a message: its JSON name (empty where Go embeds the struct, whose fields then stand in the same JSON
 * object), its number, its type, and when JSON leaves it out: `o` (Go's omitempty), `z` (omitzero) or never.
 *
 * A type is `string`, `bool`, `int`, `bytes`, `time`, `microTime`, `quantity`, `intOrString`, `rawJson` (a message
 * around a JSON text), `listMessage` (a message around a list of strings), `unsupported` or the name of a message; `*` before it stands for a Go pointer, `[]` for a
 * list, `{}` for a map from strings.
 */
export type WireField = readonly [name: string, number: number, type: string, omitted: string];

/** How kinds stand on the wire. Field numbers never change once released. */
export interface WireSchema {
  /** The Kubernetes release whose types it was made from. */
  readonly release: string;
  /** The day of that release. */
  readonly date: string;
  /** `apiVersion/Kind` to the message of one object. */
  readonly kinds: { readonly [kind: string]: string };
  readonly messages: { readonly [name: string]: readonly WireField[] };
}
