import { expect, it } from 'vitest';
import { renderTable, type Column } from '../../src/report/text-table.ts';

interface Row {
  readonly name: string;
  readonly role: string;
}
const columns: readonly Column<Row>[] = [{ header: 'NAME', value: ({ name }) => name }, { header: 'ROLE', value: ({ role }) => role }];
const pipe = { width: Infinity, color: false, unicode: false, headers: true };
const row = (name: string): Row => ({ name, role: 'view' });

it('one overlong name lengthens its own row and no other', () => {
  const long = 'x'.repeat(5000);
  const lines = renderTable([row('a'), row(long), row('bb')], columns, pipe).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[2]).toBe(`${long}  view`);
  const at = lines[0]?.indexOf('ROLE');
  expect([lines[1], lines[3]].map(line => line?.indexOf('view'))).toEqual([at, at]);
  expect(Math.max(...[0, 1, 3].map(index => lines[index]?.length ?? 0))).toBeLessThan(250);
});

it('a name as long as names become is a column as wide', () => {
  const long = 'x'.repeat(200);
  expect(renderTable([row('a'), row(long)], columns, pipe)).toBe(`NAME${' '.repeat(198)}ROLE\na${' '.repeat(201)}view\n${long}  view`);
});

it('into a terminal a flexible column still wraps, whole', () => {
  const long = 'x'.repeat(5000);
  const [name, role] = columns;
  if (name === undefined || role === undefined) throw new Error('two columns');
  const lines = renderTable([row('a'), row(long)], [{ ...name, flexible: true }, role], { ...pipe, width: 80 }).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(lines.slice(2).map(line => line.split(' ')[0]).join('')).toBe(long);
});

it('no rows are no lines but the header', () => {
  expect(renderTable([], columns, pipe)).toBe('NAME  ROLE');
  expect(renderTable([], columns, { ...pipe, headers: false })).toBe('');
});
