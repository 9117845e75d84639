import { renderNetwork } from '../report/network-table.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Network extends BaseCommand {
  static override readonly summary = 'whether NetworkPolicy is enforced, node by node, and by what';
  static override readonly examples = ['<%= config.bin %> network'];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Network);
    await runAuditCommand({ family: 'network', views: ['network'], table: renderNetwork }, flags);
  }
}
