import { stripVTControlCharacters } from 'node:util';
import type { Interfaces } from '@oclif/core';
import { run } from '@oclif/core/run';
import { Problem } from '../problem.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { VERSION } from '../version.ts';
import { kubectlSpelling } from './kubectl-spelling.ts';
import { EmbeddedPlugin } from './plugin.ts';
import { COMMANDS } from './table.ts';

/** Started by kubectl as a plugin, or by hand, it is always this: usage must be a line that can be typed. */
const PROGRAM = 'kubectl secaudit';

const PACKAGE: Interfaces.PJSON = {
  name: 'kubectl-secaudit',
  version: VERSION,
  type: 'module',
  oclif: {
    bin: PROGRAM,
    topicSeparator: ' ',
    additionalHelpFlags: ['-h'],
    helpOptions: { flagSortOrder: 'none', maxWidth: 100 },
  },
};

/**
 * Runs one command line. Sets process.exitCode and returns; never exits, because that would cut off what a slow pipe
 * has not read yet.
 */
export async function main(argv: readonly string[]): Promise<void> {
  // oclif would start PowerShell to learn a name that nothing here uses.
  process.env['SHELL'] ??= 'unknown';
  process.stdout.on('error', stopQuietlyOnClosedPipe);
  process.stderr.on('error', stopQuietlyOnClosedPipe);
  try {
    const plugin = new EmbeddedPlugin({ name: PACKAGE.name, root: import.meta.dirname, isRoot: true, pjson: PACKAGE, ignoreManifest: true });
    await plugin.load();
    await run(kubectlSpelling(withDefaultCommand(argv), switchesOf(plugin)), {
      root: import.meta.dirname,
      plugins: new Map([[plugin.name, plugin]]),
      userPlugins: false,
      devPlugins: false,
      pjson: PACKAGE,
      ignoreManifest: true,
    });
  } catch (error) {
    report(error, argv);
  }
}

/** The switches of all commands: none is a switch in one and takes a value in another. */
function switchesOf({ commands }: EmbeddedPlugin): ReadonlySet<string> {
  return new Set(
    commands.flatMap(({ flags }) =>
      Object.entries(flags).flatMap(([name, flag]) => (flag.type !== 'boolean' ? [] : flag.char === undefined ? [`--${name}`] : [`--${name}`, `-${flag.char}`])),
    ),
  );
}

/** `kubectl secaudit` and `kubectl secaudit --check X` are scans; `--help` and `--version` are what they say. */
function withDefaultCommand(argv: readonly string[]): string[] {
  const [first] = argv;
  const aboutProgram = first === '--help' || first === '-h' || first === '--version' || first === 'help';
  if (first === 'help') return [...argv.slice(1), '--help'];
  return first === undefined || (first.startsWith('-') && !aboutProgram) ? ['scan', ...argv] : [...argv];
}

function report(error: unknown, argv: readonly string[]): void {
  if (error instanceof Problem) {
    // Whoever interrupted knows why it ended.
    if (process.exitCode === 130) return;
    say(error.message);
    process.exitCode = error.exitCode;
  } else if (isUsageError(error)) {
    const [word = '', second = ''] = withDefaultCommand(argv);
    const known = [`${word}:${second}`, word].find(id => Object.hasOwn(COMMANDS, id));
    const help = known === undefined ? `${PROGRAM} --help` : `${PROGRAM} ${known.replace(':', ' ')} --help`;
    const isUnknown = /^command \S+ not found/.test(error.message);
    const wrong = isUnknown ? unknownWord(word, second, known) : usageWords(error.message);
    say(`${wrong}; see "${help}"`);
    process.exitCode = 2;
  } else if (isExit(error)) {
    process.exitCode = error.oclif.exit;
  } else {
    // A fault of this program: the stack is what a bug report needs.
    process.stderr.write(`${escapeLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
    process.exitCode = 1;
  }
}

function say(sentence: string): void {
  process.stderr.write(`error: ${escapeForTerminal(sentence)}\n`);
}

function escapeLines(text: string): string {
  return text.split('\n').map(escapeForTerminal).join('\n');
}

/** oclif takes every word up to the first flag for the name of a command. */
function unknownWord(word: string, second: string, known: string | undefined): string {
  return known === undefined ? `there is no command "${word}"` : `"${known}" takes no word such as "${second}"`;
}

/** oclif prints several lines, some of them dimmed, and its own advice; the first says what is wrong, or the next where it ends in a colon. */
function usageWords(message: string): string {
  const [first = message, second] = stripVTControlCharacters(message).split('\n').map(line => line.trim().replaceAll(/\s+/g, ' ')).filter(line => line !== '');
  const said = first.endsWith(':') && second !== undefined ? `${first} ${second}` : first;
  return said.replace(/[.;:]$/, '').replace(/^\w/, letter => letter.toLowerCase());
}

type OclifError = Error & { readonly oclif: { readonly exit: number } };

function isExit(error: unknown): error is OclifError {
  return error instanceof Error && 'code' in error && error.code === 'EEXIT' && 'oclif' in error;
}

function isUsageError(error: unknown): error is OclifError {
  return error instanceof Error && 'oclif' in error && !isExit(error);
}

function stopQuietlyOnClosedPipe(error: NodeJS.ErrnoException): void {
  // `| head -1` closes the pipe when it has seen enough; that is not a failure of the audit.
  if (error.code !== 'EPIPE') throw error;
}
