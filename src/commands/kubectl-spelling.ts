/** What pflag, which parses kubectl's command line, takes for true and false. */
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** Which flags take no value, by their name and their letter, with the dashes. */
export type SwitchNames = ReadonlySet<string>;

/**
 * Rewrites what kubectl's command line may look like and oclif's may not: `-n=shop` is `-n shop`, `-A=true` is `-A`,
 * `--insecure-skip-tls-verify=false` is nothing, as false is the default of every switch.
 */
export function kubectlSpelling(argv: readonly string[], switches: SwitchNames): string[] {
  const end = argv.indexOf('--');
  const [flags, rest] = end === -1 ? [argv, []] : [argv.slice(0, end), argv.slice(end)];
  return [...flags.flatMap(word => rewritten(word, switches)), ...rest];
}

function rewritten(word: string, switches: SwitchNames): string[] {
  const [, name = '', value = ''] = /^(-[A-Za-z]|--[a-z][a-z-]*)=(.*)$/s.exec(word) ?? [];
  if (name === '') return [word];
  if (switches.has(name) && TRUE.includes(value)) return [name];
  if (switches.has(name) && FALSE.includes(value)) return [];
  return name.startsWith('--') ? [word] : [name, value];
}
