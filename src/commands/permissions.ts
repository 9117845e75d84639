import { auditPermissions } from '../audit.ts';
import { renderPermissions } from '../report/permissions-table.ts';
import { BaseCommand } from './audit-command.ts';
import { auditFlags, colorOf, connectionFlags, connectionOf, namespaceOf, outputFlags } from './flags.ts';
import { followRun } from './follow-run.ts';
import { printReport } from './print-report.ts';

export default class Permissions extends BaseCommand {
  static override readonly summary = 'what this user may read, what that costs, and the ClusterRole that would help';
  static override readonly examples = ['<%= config.bin %> permissions', '<%= config.bin %> permissions --as system:serviceaccount:audit:secaudit'];
  static override readonly flags = {
    ...connectionFlags,
    namespace: auditFlags.namespace,
    'all-namespaces': auditFlags['all-namespaces'],
    timeout: auditFlags.timeout,
    ...outputFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Permissions);
    const run = followRun(flags);
    try {
      const report = await auditPermissions(connectionOf(flags), {
        ...run.options,
        ...namespaceOf(flags),
      });
      await printReport(report, renderPermissions, {
        output: flags.output === 'wide' ? 'table' : flags.output,
        headers: !flags['no-headers'],
        ...colorOf(flags.color),
        ...(flags['output-file'] === undefined ? {} : { file: flags['output-file'] }),
      });
    } finally {
      run.end();
    }
  }
}
