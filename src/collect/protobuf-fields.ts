import fields from './protobuf-fields.json' with { type: 'json' };
import type { WireSchema } from './protobuf-schema.ts';

/** How the built-in kinds stand on the wire, the fields that some source declares and no others. */
export const protobufFields = fields as unknown as WireSchema;
