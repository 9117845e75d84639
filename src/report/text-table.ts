import Table from 'cli-table3';
import stringWidth from 'string-width';
import { escapeForTerminal } from './escape.ts';
import { paint, type Style } from './style.ts';

export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string;
  /** Colours the cell after it was escaped and measured. */
  readonly paint?: (text: string, row: Row) => string;
  /** Wraps where the terminal is narrow; the widest of the flexible columns gives way first. */
  readonly flexible?: true;
}

/** The narrowest that a flexible column becomes; beyond that lines are simply longer than the terminal. */
const NARROWEST = 16;
const GAP = 2;
/** A cell that is wider moves what stands right of it in its own row, and no other row. */
const WIDEST = 200;

/**
 * A table as kubectl prints it: columns, no lines. Every cell is escaped; nothing is ever cut: where the terminal is
 * narrow, flexible columns wrap, and into a pipe they do not. One overlong name does not make all rows as long.
 */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], style: Style, indent = 0): string {
  const cells = rows.map(row => columns.map(column => escapeForTerminal(column.value(row))));
  const natural = columns.map(({ header }, index) =>
    cells.reduce((widest, row) => Math.max(widest, Math.min(WIDEST, stringWidth(row[index] ?? ''))), style.headers ? header.length : 0),
  );
  const widths = fit(natural, columns.map(({ flexible }) => flexible === true), style.width - indent);
  const lines: string[] = [];
  let regular: string[][] = style.headers ? [columns.map(({ header }) => paint(style, 'bold', header))] : [];
  rows.forEach((row, at) => {
    const texts = cells[at] ?? [];
    const isLong = texts.map(text => stringWidth(text) > WIDEST);
    const painted = columns.map((column, index) => {
      // A flexible column wraps all the same where there is a terminal to fit into.
      const isWhole = isLong[index] === true && !(column.flexible === true && Number.isFinite(style.width));
      const text = texts[index] ?? '';
      return (isWhole ? [text] : wrap(text, widths[index] ?? 0)).map(line => (column.paint === undefined ? line : column.paint(line, row)));
    });
    if (!isLong.includes(true)) {
      regular.push(painted.map(cell => cell.join('\n')));
      return;
    }
    lines.push(...linesOf(regular, widths), ...linesOfLong(painted, widths));
    regular = [];
  });
  return [...lines, ...linesOf(regular, widths)].map(line => ' '.repeat(indent) + line.trimEnd()).join('\n');
}

function linesOf(rows: readonly string[][], widths: readonly number[]): string[] {
  if (rows.length === 0) return [];
  const table = new Table({
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: widths.map((width, index) => (index === widths.length - 1 ? width : width + GAP)),
  });
  table.push(...rows);
  return table.toString().split('\n');
}

/** A row with a long cell, by hand: the table would measure that cell over and over, for seconds. */
function linesOfLong(cells: readonly (readonly string[])[], widths: readonly number[]): string[] {
  return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, at) =>
    cells.map((cell, index) => `${cell[at] ?? ''}${' '.repeat(Math.max(0, (widths[index] ?? 0) - stringWidth(cell[at] ?? '')) + GAP)}`).join(''));
}

/** Breaks text into lines of at most that many columns, between words where there are any. */
export function wrap(text: string, width: number): string[] {
  if (stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap(each => pieces(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** A word that is wider than the line, in pieces that are not: a name that is cut off would be another name. */
function pieces(word: string, width: number): string[] {
  if (stringWidth(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (part !== '' && stringWidth(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}

function fit(natural: readonly number[], isFlexible: readonly boolean[], width: number): number[] {
  const widths = [...natural];
  const room = width - GAP * (natural.length - 1);
  for (let over = sum(widths) - room; over > 0; over = sum(widths) - room) {
    const widest = widths.reduce((best, each, index) => (isFlexible[index] === true && each > (widths[best] ?? 0) ? index : best), isFlexible.indexOf(true));
    const current = widths[widest] ?? 0;
    if (widest < 0 || current <= NARROWEST) break;
    widths[widest] = Math.max(NARROWEST, current - 1);
  }
  return widths;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

const BARE = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '',
} as const;
