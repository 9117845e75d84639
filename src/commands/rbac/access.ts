import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { formatSubject, type Subject } from '../../evidence/subject.ts';
import { accessView, type AccessQuestion } from '../../indexes/rbac-access.ts';
import { identityOf } from '../../indexes/rbac-identity.ts';
import { Problem } from '../../problem.ts';
import { renderAccess, renderAccessWide } from '../../report/access-table.ts';
import { BaseCommand } from '../audit-command.ts';
import { namespaceOf } from '../flags.ts';
import { questionFlags, runQuestion } from './ask.ts';
import { certificateIdentity } from './certificate-identity.ts';
import { subjectOf } from './subject-words.ts';

type AskedGroup = AccessQuestion['groups'][number];

export default class Access extends BaseCommand {
  static override readonly summary = 'everything that a user, group or service account may do, and through which bindings';
  static override readonly description =
    'The groups that the API server itself adds are counted in, and each line says which group it comes from. Groups that an identity ' +
    'provider adds are not known here: name them with --group. A client certificate names its user (CN) and groups (O) itself.';
  static override readonly examples = [
    '<%= config.bin %> rbac access ana@example.com --group sre',
    '<%= config.bin %> rbac access Group/sre',
    '<%= config.bin %> rbac access ServiceAccount/shop/web -n shop',
    '<%= config.bin %> rbac access --certificate admin.crt',
  ];
  static override readonly args = {
    subject: Args.string({ description: 'User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME, or the name of a user' }),
  };
  static override readonly flags = {
    ...questionFlags,
    namespace: Flags.string({ char: 'n', summary: "rights in this namespace, and the whole cluster's, only", exclusive: ['all-namespaces'] }),
    group: Flags.string({ summary: 'a group that the subject belongs to as well, repeatable', multiple: true, multipleNonGreedy: true }),
    certificate: Flags.string({ summary: 'a client certificate (PEM), or a kubeconfig that logs in with one, in place of SUBJECT', helpValue: 'FILE' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Access);
    if ((args.subject === undefined) === (flags.certificate === undefined)) {
      throw new Problem('rbac access takes a SUBJECT such as User/ana, or --certificate FILE, and not both', { exitCode: 2 });
    }
    const given: AskedGroup[] = (flags.group ?? []).map(name => ({ name, from: 'given' }));
    const whose = flags.certificate === undefined ? questionOf(subjectOf(args.subject ?? ''), given) : await certificateQuestion(flags.certificate, given);
    const asked = { access: accessView({ ...whose, ...namespaceOf(flags) }) };
    await runQuestion({ toRead: asked, toAsk: () => asked, table: renderAccess, wide: renderAccessWide }, flags);
  }
}

function questionOf(subject: Subject, given: readonly AskedGroup[]): AccessQuestion {
  const { kind, name, namespace } = subject;
  if (kind === 'Group') {
    return { subject: formatSubject(subject), groups: distinct([{ name, from: 'given' }, ...given, ...implied(name).map(each => ({ name: each, from: 'implicit' as const }))]) };
  }
  const { user, groups } = identityOf({ kind, name, ...(namespace === undefined ? {} : { namespace }) });
  return { subject: formatSubject(subject), user, groups: distinct([...given, ...groups.map(each => ({ name: each, from: 'implicit' as const }))]) };
}

/** Groups that every member of a group is in as well. */
function implied(group: string): string[] {
  if (group === 'system:unauthenticated') return [];
  return [...(group.startsWith('system:serviceaccounts:') ? ['system:serviceaccounts'] : []), 'system:authenticated'];
}

async function certificateQuestion(file: string, given: readonly AskedGroup[]): Promise<AccessQuestion> {
  const { user, groups, notBefore, notAfter } = await certificateIdentity(file);
  return {
    subject: `User/${user}`,
    user,
    groups: distinct([...groups.map(name => ({ name, from: 'certificate' as const })), ...given, { name: 'system:authenticated', from: 'implicit' }]),
    certificate: { notBefore, notAfter },
  };
}

function distinct(groups: readonly AskedGroup[]): readonly AskedGroup[] {
  return groups.filter(({ name }, at) => groups.findIndex(each => each.name === name) === at);
}
