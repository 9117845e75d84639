import type { AuditReport } from '../engine/report-model.ts';
import { renderJson, renderJsonLines } from '../report/json.ts';
import type { Style } from '../report/style.ts';
import type { Output } from './flags.ts';
import { writeFileWhole } from './write-file.ts';

export interface PrintOptions {
  readonly output: Output;
  readonly headers: boolean;
  readonly color?: boolean;
  readonly file?: string;
  /** What `-o wide` prints, where it is not every finding with its evidence. */
  readonly wide?: (report: AuditReport, style: Style) => string;
}

/** Prints a report in the asked format, to stdout or whole into a file. Returns when everything was handed over. */
export async function printReport(
  report: AuditReport,
  table: (report: AuditReport, style: Style) => string,
  options: PrintOptions,
): Promise<void> {
  const text = await render(report, table, options);
  await (options.file === undefined ? writeOut(text) : writeFileWhole(options.file, text));
}

async function render(report: AuditReport, table: (report: AuditReport, style: Style) => string, options: PrintOptions): Promise<string> {
  switch (options.output) {
    case 'json':
      return renderJson(report);
    case 'jsonl':
      return [...renderJsonLines(report)].join('');
    case 'yaml':
      return (await import('../report/yaml.ts')).renderYaml(report);
    case 'wide':
      return (options.wide ?? (await import('../report/wide.ts')).renderWide)(report, styleOf(options));
    case 'table':
      return table(report, styleOf(options));
  }
}

/** How stdout wants it: its width, colour and letters. Into a pipe or a file nothing is wrapped or coloured. */
export function styleOf(options: Pick<PrintOptions, 'color' | 'headers' | 'file'>): Style {
  const terminal = options.file === undefined && process.stdout.isTTY;
  return {
    width: terminal ? Math.max(process.stdout.columns, 40) : Number.POSITIVE_INFINITY,
    color: options.color ?? (terminal && isColorWanted(process.env)),
    unicode: terminal && /utf-?8/i.test(process.env['LC_ALL'] ?? process.env['LC_CTYPE'] ?? process.env['LANG'] ?? ''),
    headers: options.headers,
  };
}

function isColorWanted(env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return env['TERM'] !== 'dumb';
}

/** Resolves when the text has left this process: a slow reader gets every byte. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, error => {
      // A reader that has seen enough closes the pipe; main has a listener for that.
      if (error == null || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve();
      else reject(error);
    });
  });
}
