import { ALL_VIEWS } from '../audit.ts';
import { renderFirstScreen } from '../report/first-screen.ts';
import { allFlags, BaseCommand, runAuditCommand } from './audit-command.ts';

export default class Scan extends BaseCommand {
  static override readonly summary = 'audit the whole cluster (the default)';
  static override readonly description =
    'Reads what the checks need, judges it, and prints deadlines, causes and what could not be assessed. Reads only: get, list and questions about yourself; --node-files alone creates pods, and deletes them.';
  static override readonly examples = [
    '<%= config.bin %>',
    '<%= config.bin %> scan --family rbac -o wide',
    '<%= config.bin %> scan -o json --fail-on high --output-file report.json',
  ];
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Scan);
    // Who asks for a part pays for that part: the views need evidence that its checks may not.
    const isWhole = [flags.check, flags.family, flags.severity, flags.framework].every(asked => asked === undefined);
    await runAuditCommand({ views: isWhole ? ALL_VIEWS : ['handshake'], table: renderFirstScreen }, flags);
  }
}
