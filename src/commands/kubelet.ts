import { renderKubelet } from '../report/kubelet-table.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Kubelet extends BaseCommand {
  static override readonly summary = 'how each kubelet is set up: who may come in, what is open, what it serves with';
  static override readonly description =
    'Reads the configuration that each kubelet really runs with, one GET a node through the API server, which takes the right to get nodes/proxy. Without it --probe-anonymous tries what a request without a credential gets, which takes pods/proxy.';
  static override readonly examples = ['<%= config.bin %> kubelet', '<%= config.bin %> kubelet --kubelet off --probe-anonymous'];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Kubelet);
    await runAuditCommand({ family: 'kubelet', views: ['kubelet'], table: renderKubelet }, flags);
  }
}
