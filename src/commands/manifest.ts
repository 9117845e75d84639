import type { Command } from '@oclif/core/command';
import { COMMANDS } from './table.ts';

/** What the program needs to know of each command before it loads one: names, words and flags, as plain data. */
export type Manifest = Record<string, Command.Cached>;

/** Loads every command and writes down what it says about itself. The build embeds the result. */
export async function buildManifest(): Promise<Manifest> {
  const entries = await Promise.all(
    Object.entries(COMMANDS).map(async ([id, load]) => [id, describeCommand(id, (await load()).default)] as const),
  );
  return Object.fromEntries(entries);
}

function describeCommand(id: string, command: typeof Command): Command.Cached {
  const described = {
    id,
    summary: command.summary,
    description: command.description,
    examples: command.examples,
    usage: command.usage,
    flags: command.flags,
    // The help prints an argument by its name, which oclif otherwise writes into each while it looks for commands.
    args: Object.fromEntries(Object.entries(command.args).map(([name, arg]) => [name, { ...arg, name }])),
    hidden: command.hidden,
    hiddenAliases: [],
    aliases: [],
    strict: command.strict,
    enableJsonFlag: false,
  };
  // By way of JSON, because flags carry parse functions, which only the loaded command needs.
  return JSON.parse(JSON.stringify(described)) as Command.Cached;
}
