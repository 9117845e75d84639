import Table from 'cli-table3';
import { escapeForTerminal } from './escape.ts';
import { paint, type Style } from './style.ts';

export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string;
  /** Colours the cell after it was escaped and measured. */
  readonly paint?: (text: string, row: Row) => string;
  /** Takes what width the other columns leave, and wraps. At most one column of a table. */
  readonly flexible?: true;
}

/** The narrowest that a flexible column may become before lines are simply longer than the terminal. */
const NARROWEST = 20;
const GAP = 2;

/**
 * A table as kubectl prints it: columns, no lines. Every cell is escaped; nothing is ever cut: where the terminal is
 * narrow, the flexible column wraps, and into a pipe it does not.
 */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], style: Style, indent = 0): string {
  const cells = rows.map(row => columns.map(column => escapeForTerminal(column.value(row))));
  const natural = columns.map((column, index) =>
    Math.max(style.headers ? column.header.length : 0, ...cells.map(row => row[index]?.length ?? 0)),
  );
  const widths = fit(natural, columns.findIndex(column => column.flexible), style.width - indent);
  const table = new Table({
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: widths.map((width, index) => (index === widths.length - 1 ? width : width + GAP)),
    wordWrap: true,
    wrapOnWordBoundary: true,
  });
  if (style.headers) table.push(columns.map(({ header }) => paint(style, 'bold', header)));
  rows.forEach((row, at) => {
    table.push(columns.map((column, index) => painted(column, cells[at]?.[index] ?? '', row)));
  });
  return table
    .toString()
    .split('\n')
    .map(line => ' '.repeat(indent) + line.trimEnd())
    .join('\n');
}

function painted<Row>(column: Column<Row>, text: string, row: Row): string {
  return column.paint === undefined ? text : column.paint(text, row);
}

function fit(natural: readonly number[], flexible: number, width: number): number[] {
  const total = natural.reduce((sum, each) => sum + each, 0) + GAP * (natural.length - 1);
  if (flexible < 0 || total <= width) return [...natural];
  return natural.map((each, index) => (index === flexible ? Math.max(NARROWEST, each - (total - width)) : each));
}

const BARE = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '',
} as const;
