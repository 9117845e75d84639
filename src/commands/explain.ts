import * as Args from '@oclif/core/args';
import { CHECKS } from '../checks/registry.ts';
import { findCheck } from '../engine/select-checks.ts';
import { renderCheckPage } from '../reference/check-page.ts';
import { BaseCommand } from './audit-command.ts';
import { writeOut } from './print-report.ts';

export default class Explain extends BaseCommand {
  static override readonly summary = "show one check's page: why it matters, what to change, what that may break";
  static override readonly examples = ['<%= config.bin %> explain rbac-cluster-admin-grant'];
  static override readonly args = { check: Args.string({ required: true, description: 'id of the check, as "checks" lists it' }) };
  static override readonly flags = {};

  async run(): Promise<void> {
    const { args } = await this.parse(Explain);
    await writeOut(renderCheckPage(findCheck(CHECKS, args.check)));
  }
}
