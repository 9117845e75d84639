import { renderPki } from '../report/pki-table.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Pki extends BaseCommand {
  static override readonly summary = 'every certificate of the cluster: when it ends, how that is known, and who its bearer is';
  static override readonly description =
    'Looks at the kubeconfig, at what the API server shows in handshakes, at the authorities that it publishes, at signing requests and at metrics; with --tunnel and --probe-nodes also at what listens on the nodes. Where nobody can log in, it says what the kubeconfig and the handshakes show.';
  static override readonly examples = ['<%= config.bin %> pki', '<%= config.bin %> pki --at 2027-06-30', '<%= config.bin %> pki --tunnel', '<%= config.bin %> pki -o json'];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Pki);
    await runAuditCommand({ family: 'pki', views: ['pki'], table: renderPki, worksWithoutLogin: true }, flags);
  }
}
