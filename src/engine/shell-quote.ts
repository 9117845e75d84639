import type { Argv } from '../checks/define-check.ts';

/**
 * An argument list as one line for a shell. Words with anything but plain characters are put in single quotes, inside
 * which a shell knows no special character at all; a single quote itself is closed, escaped and opened again. A word
 * with characters that a terminal obeys or that cannot be seen is written byte by byte as `$'\x1b...'` (bash, zsh,
 * ksh), so that the line can be shown, copied and run.
 */
export function shellQuote(argv: Argv): string {
  return argv.map(quoteWord).join(' ');
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;
/** Control and format characters, separators other than the plain space, private use and lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u;

function quoteWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (!UNSEEN.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  return `$'${[...new TextEncoder().encode(word)].map(quoteByte).join('')}'`;
}

function quoteByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /^[A-Za-z0-9_@%+=:,./ -]$/.test(character) ? character : String.raw`\x${byte.toString(16).padStart(2, '0')}`;
}
