import { familyOf } from '../checks/define-check.ts';
import { CHECKS } from '../checks/registry.ts';
import { selectChecks } from '../engine/select-checks.ts';
import { paintWord } from '../report/style.ts';
import { renderTable } from '../report/text-table.ts';
import { BaseCommand } from './audit-command.ts';
import { auditFlags, colorOf, outputFlags } from './flags.ts';
import { styleOf, writeOut } from './print-report.ts';

export default class Checks extends BaseCommand {
  static override readonly summary = 'list the checks';
  static override readonly examples = ['<%= config.bin %> checks', '<%= config.bin %> checks --framework cis'];
  static override readonly flags = {
    family: auditFlags.family,
    severity: auditFlags.severity,
    framework: auditFlags.framework,
    'no-headers': outputFlags['no-headers'],
    color: outputFlags.color,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Checks);
    const checks = selectChecks(CHECKS, {
      ...(flags.family === undefined ? {} : { families: flags.family }),
      ...(flags.severity === undefined ? {} : { severity: flags.severity }),
      ...(flags.framework === undefined ? {} : { frameworks: flags.framework }),
    });
    const style = styleOf({ headers: !flags['no-headers'], ...colorOf(flags.color) });
    const table = renderTable(
      checks,
      [
        { header: 'CHECK', value: ({ id }) => id },
        { header: 'SEVERITY', value: ({ severity }) => severity, paint: (text, { severity }) => paintWord(style, severity, text) },
        { header: 'FAMILY', value: familyOf },
        { header: 'TITLE', value: ({ title }) => title, flexible: true },
      ],
      style,
    );
    await writeOut(`${table}\n`);
  }
}
