import type { Command } from '@oclif/core/command';
import { Plugin } from '@oclif/core/config';
import { buildManifest, type Manifest } from './manifest.ts';
import { COMMANDS } from './table.ts';

/** Put here by the build; when run from source there is none. */
declare const EMBEDDED_MANIFEST: Manifest | undefined;

/**
 * oclif's view of this program. It knows its commands from the embedded manifest and loads one when it is run: nothing
 * is looked for on the file system, so a file lying in the working directory or in a home directory is never run.
 */
export class EmbeddedPlugin extends Plugin {
  override async load(): Promise<void> {
    await super.load();
    const manifest = typeof EMBEDDED_MANIFEST === 'undefined' ? await buildManifest() : EMBEDDED_MANIFEST;
    this.manifest = { version: this.version, commands: manifest };
    this.commandIDs = Object.keys(manifest);
    this.commands = Object.values(manifest).map(command => ({
      ...command,
      pluginType: 'core',
      load: () => this.findCommand(command.id, { must: true }),
    }));
  }

  override async findCommand(id: string, options: { must: true }): Promise<Command.Class>;
  override async findCommand(id: string, options?: { must: boolean }): Promise<Command.Class | undefined>;
  override async findCommand(id: string): Promise<Command.Class | undefined> {
    const load = COMMANDS[id];
    if (load === undefined) return undefined;
    const command = (await load()).default;
    command.id = id;
    command.plugin = this;
    return command;
  }
}
