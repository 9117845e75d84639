/**
 * Something the person can fix: a wrong flag, a missing file, an unreachable server. Its message is one sentence that
 * says what happened, to what, and what to do next; it is printed without a stack. Anything else that is thrown is a
 * fault of this program and keeps its stack.
 */
export class Problem extends Error {
  /** 1: could not run. 2: wrong usage. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.exitCode = options.exitCode ?? 1;
  }
}
