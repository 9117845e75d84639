import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../src/engine/shell-quote.ts';
import { escapeForTerminal } from '../../src/report/escape.ts';

/** What a shell really hands to a program: each argument followed by a NUL. */
function argumentsAfter(shell: string, line: string): string[] {
  const out = execFileSync(shell, ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return out.split('\0').slice(0, -1);
}

const HOSTILE = [
  '$(touch /tmp/pwned)', '`id`', "it's", '"', '\\', '-rf', '--', 'a b', ';reboot', '!!', '*', '~', '#', '&&', '\n', 'x\ny', '\t', '\u001b[31m',
  '\u202e', 'ünïcode', '日本', '', '{a,b}', '$HOME', "'\u001b'", "$'x'",
];

describe('shellQuote', () => {
  it.each(HOSTILE)('is read by bash as the very argument %j', word => {
    expect(argumentsAfter('bash', shellQuote(['first', word, 'last']))).toEqual(['first', word, 'last']);
  });
  it.each(HOSTILE.filter(word => !/[\p{Cc}\p{Cf}]/u.test(word)))('is read by a POSIX sh as the very argument %j', word => {
    expect(argumentsAfter('sh', shellQuote([word]))).toEqual([word]);
  });
  it('is read right whatever the argument is', () => {
    const word = fc.string({ unit: 'binary' }).filter(text => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), words => {
        expect(argumentsAfter('bash', shellQuote(words))).toEqual(words);
      }),
      { numRuns: 30 },
    );
  });
  it('can be shown as it is: a terminal obeys none of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), word => {
        const line = shellQuote([word]);
        expect(escapeForTerminal(line)).toBe(line);
      }),
    );
  });
});
