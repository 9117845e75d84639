/** One series of a metric family as it was scraped. */
export interface MetricSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NEWLINE = 0x0a;
const HASH = 0x23;
const TYPE = '# TYPE ';

/**
 * Reads the wanted families out of a Prometheus text exposition (format 0.0.4). Everything else is skipped without
 * being looked at, and nothing of the text stays in memory: an API server says one to three megabytes.
 *
 * @param isWanted asked once for each run of lines with the same name
 * @param infinite what a wanted value of +Inf is: an error, or a value like any other (the kubelet's word for "no such certificate")
 * @returns the series by family; a family that was not exported is absent
 * @throws {Error} where the text is cut off, is not this format, or a wanted value is no finite number
 */
export function parsePrometheusText(
  text: string,
  isWanted: (family: string) => boolean,
  infinite: 'refuse' | 'keepInfinite' = 'refuse',
): Readonly<Record<string, readonly MetricSeries[]>> {
  if (!text.endsWith('\n')) throw new Error('the metrics are cut off: the last line has no end');
  const families = new Map<string, MetricSeries[]>();
  let name = '';
  let wanted = false;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const first = text.charCodeAt(start);
    if (first === HASH && text.startsWith(TYPE, start) && !isWantedFamily(text.slice(start + TYPE.length, text.indexOf(' ', start + TYPE.length)), isWanted)) {
      // Straight to the next comment: nine lines of ten are of families that nobody asks for.
      const next = text.indexOf('\n#', end);
      start = next < 0 ? text.length : next + 1;
      continue;
    }
    if (first !== NEWLINE && first !== HASH) {
      // Most lines are buckets of the histogram that the line before belongs to.
      if (name === '' || !text.startsWith(name, start) || !isNameEnd(text.charCodeAt(start + name.length))) {
        name = nameAt(text, start, end);
        wanted = isWanted(name);
      }
      if (wanted) {
        const series = parseSeries(text.slice(start + name.length, end), infinite);
        const family = families.get(name);
        if (family === undefined) families.set(name, [series]);
        else family.push(series);
      }
    }
    start = end + 1;
  }
  // A slice of a string keeps the whole string alive. A copy of its characters does not.
  return structuredClone(Object.fromEntries(families));
}

/** A series as `/metrics` prints it, so that a person can search for it there. */
export function formatSeries(family: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`);
  return pairs.length === 0 ? family : `${family}{${pairs.join(',')}}`;
}

/** A histogram's and a summary's lines have names of their own. */
function isWantedFamily(family: string, isWanted: (name: string) => boolean): boolean {
  return ['', '_sum', '_count', '_bucket'].some(suffix => isWanted(family + suffix));
}

function isNameEnd(code: number): boolean {
  return code === 0x7b || code === 0x20; // { or a space
}

function nameAt(text: string, start: number, lineEnd: number): string {
  let end = start;
  while (end < lineEnd && isNameCharacter(text.charCodeAt(end))) end += 1;
  if (end === start || end === lineEnd || !isNameEnd(text.charCodeAt(end))) {
    throw new Error('a line is no metric in the Prometheus text format');
  }
  return text.slice(start, end);
}

function isNameCharacter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === 0x3a || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39);
}

const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|(?=\}))/y;
const VALUE = /^ ([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?: -?\d+)?$/;

/** @param rest the line after its name */
function parseSeries(rest: string, infinite: 'refuse' | 'keepInfinite'): MetricSeries {
  const labels: [string, string][] = [];
  let at = 0;
  if (rest.startsWith('{')) {
    at = 1;
    while (!rest.startsWith('}', at)) {
      LABEL.lastIndex = at;
      const match = LABEL.exec(rest);
      if (match === null) throw new Error('the labels of a metric cannot be read');
      const [pair, label = '', value = ''] = match;
      labels.push([label, unescape(value)]);
      at += pair.length;
    }
    at += 1;
  }
  const said = rest.slice(at);
  const value = infinite === 'keepInfinite' && said === ' +Inf' ? 'Infinity' : VALUE.exec(said)?.[1];
  if (value === undefined) throw new Error('the value of a metric is no finite number');
  return { labels: Object.fromEntries(labels), value: Number(value) };
}

function unescape(value: string): string {
  return value.includes('\\') ? value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)) : value;
}
