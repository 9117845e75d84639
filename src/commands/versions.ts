import { renderVersions } from '../report/versions-table.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Versions extends BaseCommand {
  static override readonly summary = 'versions of the API server and the kubelets, and how long they are supported';
  static override readonly examples = ['<%= config.bin %> versions', '<%= config.bin %> versions --at 2027-06-30'];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Versions);
    await runAuditCommand({ family: 'versions', views: ['versions'], table: renderVersions }, flags);
  }
}
