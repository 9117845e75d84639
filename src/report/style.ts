import { styleText } from 'node:util';

/** How the terminal wants it. All of it is an argument, so that a rendering can be compared as text. */
export interface Style {
  /** Columns to fit into; Infinity into a pipe, where nothing is cut or wrapped. */
  readonly width: number;
  readonly color: boolean;
  /** Whether the locale can show more than ASCII. */
  readonly unicode: boolean;
  readonly headers: boolean;
}

type Format = Parameters<typeof styleText>[0];

export function paint(style: Style, format: Format, text: string): string {
  return style.color ? styleText(format, text, { validateStream: false }) : text;
}

const SEVERITY_FORMAT: Readonly<Record<string, Format>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
  failed: 'red',
  passed: 'green',
  notAssessed: 'yellow',
  error: ['bold', 'red'],
};

/** A severity or a status in its colour. */
export function paintWord(style: Style, word: string, text: string = word): string {
  const format = SEVERITY_FORMAT[word];
  return format === undefined ? text : paint(style, format, text);
}
