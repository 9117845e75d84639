import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';

/**
 * The JSON Schema of report v1, made from the types that the program itself is compiled against. Consumers ignore what
 * they do not know, so unknown properties are allowed; our own tests forbid them.
 */
export function renderReportSchema(root: string): string {
  const schema = createGenerator({
    path: join(root, 'src/engine/report-model.ts'),
    tsconfig: join(root, 'tsconfig.json'),
    type: 'AuditReport',
    schemaId: 'urn:kubectl-secaudit:report:v1',
    additionalProperties: true,
    skipTypeCheck: true,
    sortProps: true,
  }).createSchema('AuditReport');
  // The generator writes draft 7; what it uses of it means the same in 2020-12 once the definitions have their new name.
  const { definitions, ...rest } = schema;
  const text = JSON.stringify({ ...rest, $schema: 'https://json-schema.org/draft/2020-12/schema', $defs: definitions }, undefined, 2);
  return `${text.replaceAll('"#/definitions/', '"#/$defs/')}\n`;
}
