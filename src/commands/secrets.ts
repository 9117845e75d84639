import { renderSecrets } from '../report/secrets-table.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Secrets extends BaseCommand {
  static override readonly summary = 'whether Secrets are encrypted at rest, and how that is known';
  static override readonly examples = ['<%= config.bin %> secrets'];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Secrets);
    await runAuditCommand({ family: 'secrets', views: ['secrets'], table: renderSecrets }, flags);
  }
}
