import { renderRbac } from '../report/rbac-table.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Rbac extends BaseCommand {
  static override readonly summary = 'who may do what: subjects by power, broad bindings, public grants';
  static override readonly examples = ['<%= config.bin %> rbac', '<%= config.bin %> rbac -o json'];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Rbac);
    await runAuditCommand({ family: 'rbac', views: ['rbac'], table: renderRbac }, flags);
  }
}
