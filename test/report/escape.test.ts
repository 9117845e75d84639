import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeForTerminal, escapeInJson } from '../../src/report/escape.ts';

describe('escapeForTerminal', () => {
  it('shows what a terminal would obey', () => {
    expect(escapeForTerminal('a\u001b[31mb\r\n\u009b\u202e\u200b')).toBe(String.raw`a\u{1b}[31mb\u{d}\u{a}\u{9b}\u{202e}\u{200b}`);
  });
  it('leaves letters of every script alone', () => {
    expect(escapeForTerminal('grün 日本 عربى')).toBe('grün 日本 عربى');
  });
  it('lets no control, format or invisible character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(escapeForTerminal(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
      }),
    );
  });
});

describe('escapeInJson', () => {
  it('changes how text is written and not what it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const json = escapeInJson(JSON.stringify({ text }));
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/);
      }),
    );
  });
});
