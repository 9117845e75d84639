import type { ReadingOptions } from '../audit.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { durationSeconds } from './flags.ts';

/** Node's clocks end here, at 24 days, and take anything longer for no time at all. */
const LONGEST_MILLISECONDS = 2 ** 31 - 1;

/**
 * How a live run is watched and ended: progress and requests on stderr, --timeout, Ctrl-C.
 * @throws {Problem} for a --timeout that is no duration
 */
export function followRun(flags: { readonly quiet: boolean; readonly verbose: boolean; readonly timeout?: string | undefined }): {
  readonly options: ReadingOptions;
  /** Whether the person pressed Ctrl-C. */
  readonly wasInterrupted: () => boolean;
  /** Takes the progress line and the signal handlers away. */
  readonly end: () => void;
} {
  const seconds = flags.timeout === undefined ? 0 : durationSeconds('--timeout', flags.timeout);
  const abort = new AbortController();
  const showsProgress = process.stderr.isTTY && !flags.quiet && !flags.verbose && process.env['CI'] === undefined;
  let isInterrupted = false;
  let finished = 0;
  let total = 0;

  function interrupt(): void {
    // What is under way ends within a second or two; pressed a third time, it is over at once.
    if (isInterrupted) return stopListening();
    isInterrupted = true;
    clearLine();
    process.exitCode = 130;
    process.stderr.write(total === 0 ? 'interrupted before anything was read\n' : `interrupted: ${finished} of ${total} sources were read, and the report holds only those\n`);
    abort.abort(new Error('interrupted'));
  }

  function stopListening(): void {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }

  function clearLine(): void {
    if (showsProgress) process.stderr.write('\r\u001b[K');
  }

  function say(sentence: string): void {
    clearLine();
    process.stderr.write(`${escapeForTerminal(sentence)}\n`);
  }

  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const timer =
    seconds === 0
      ? undefined
      : setTimeout(() => {
          abort.abort(Object.assign(new Error('the --timeout is over'), { name: 'TimeoutError' }));
        }, Math.min(seconds * 1000, LONGEST_MILLISECONDS));

  return {
    options: {
      signal: abort.signal,
      onWarning: say,
      ...(flags.quiet ? {} : { onNotice: say }),
      onProgress(event) {
        finished = event.finished;
        total = event.total;
        if (showsProgress) process.stderr.write(`\r\u001b[K${event.finished}/${event.total} ${event.source.title}`);
      },
      ...(flags.verbose
        ? {
            onRequest: event => {
              process.stderr.write(
                `${event.method} ${escapeForTerminal(event.path)} ${event.outcome} ${event.bytes} B in ${Math.round(event.milliseconds)} ms\n`,
              );
            },
          }
        : {}),
    },
    wasInterrupted: () => isInterrupted,
    end() {
      clearTimeout(timer);
      // After a first Ctrl-C what was read is still being written: a second one must not cut that off.
      if (!isInterrupted) stopListening();
      clearLine();
    },
  };
}
