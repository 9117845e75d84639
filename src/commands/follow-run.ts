import type { ReadingOptions } from '../audit.ts';
import { escapeForTerminal } from '../report/escape.ts';

/** How a live run is watched and ended: progress and requests on stderr, --timeout, Ctrl-C. */
export function followRun(options: { readonly quiet: boolean; readonly verbose: boolean; readonly timeoutSeconds?: number }): {
  readonly options: ReadingOptions;
  /** Takes the progress line and the signal handlers away. */
  readonly end: () => void;
} {
  const abort = new AbortController();
  const showsProgress = process.stderr.isTTY && !options.quiet && !options.verbose && process.env['CI'] === undefined;
  let finished = 0;
  let total = 0;

  function interrupt(): void {
    clearLine();
    process.exitCode = 130;
    process.stderr.write(total === 0 ? 'interrupted before anything was read\n' : `interrupted: ${finished} of ${total} sources were read, and the report holds only those\n`);
    abort.abort(new Error('interrupted'));
  }

  function clearLine(): void {
    if (showsProgress) process.stderr.write('\r\u001b[K');
  }

  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const timer =
    options.timeoutSeconds === undefined || options.timeoutSeconds === 0
      ? undefined
      : setTimeout(() => {
          abort.abort(Object.assign(new Error('the --timeout is over'), { name: 'TimeoutError' }));
        }, options.timeoutSeconds * 1000);

  return {
    options: {
      signal: abort.signal,
      onProgress(event) {
        finished = event.finished;
        total = event.total;
        if (showsProgress) process.stderr.write(`\r\u001b[K${event.finished}/${event.total} ${event.source.title}`);
      },
      ...(options.verbose
        ? {
            onRequest: event => {
              process.stderr.write(
                `${event.method} ${escapeForTerminal(event.path)} ${event.outcome} ${event.bytes} B in ${Math.round(event.milliseconds)} ms\n`,
              );
            },
          }
        : {}),
    },
    end() {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      clearLine();
    },
  };
}
