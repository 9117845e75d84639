/**
 * Characters that a terminal obeys, that reorder or hide text, or that cannot be seen: controls, bidirectional
 * overrides, zero-width and tag characters, line separators, private use, lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\ufff9-\ufffb]/gu;

/** Makes text from a cluster safe to print: what could act on the terminal is shown as `\u{1b}`, never dropped. */
export function escapeForTerminal(text: string): string {
  return text.replaceAll(UNSAFE, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON text in which also C1 controls and invisible characters are escaped, so that `cat` of a report is safe. */
export function escapeInJson(json: string): string {
  return json.replaceAll(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g, character =>
    String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
