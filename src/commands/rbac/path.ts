import * as Args from '@oclif/core/args';
import { pathQuestionOf } from '../../indexes/rbac-path-view.ts';
import { Problem } from '../../problem.ts';
import { renderRbacPath } from '../../report/rbac-path.ts';
import { allFlags, BaseCommand, runAuditCommand } from '../audit-command.ts';

export default class RbacPath extends BaseCommand {
  static override readonly summary = 'how a subject comes to more rights: the shortest way to each goal, and the binding to cut';
  static override readonly examples = [
    '<%= config.bin %> rbac path User/ana',
    '<%= config.bin %> rbac path Group/sre cluster-admin',
    '<%= config.bin %> rbac path ServiceAccount/shop/web node -o json',
    '<%= config.bin %> rbac path Pod/shop/web-0',
  ];
  static override readonly args = {
    from: Args.string({ description: 'such as User/ana, ServiceAccount/shop/web or Pod/shop/web-0', required: true }),
    to: Args.string({ description: 'cluster-admin, system-masters, control-plane-node, node, all-secrets or namespace-admin; default: each of them' }),
  };
  static override readonly flags = allFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RbacPath);
    const question = pathQuestionOf(args.from, args.to);
    if (typeof question === 'string') throw new Problem(question, { exitCode: 2 });
    await runAuditCommand({ family: 'rbac', views: [], path: question, table: renderRbacPath }, flags);
  }
}
