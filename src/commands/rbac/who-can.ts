import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { catalogueOf } from '../../audit.ts';
import type { Snapshot } from '../../evidence/snapshot.ts';
import { resolveResource } from '../../indexes/resource-words.ts';
import { whoCanView, type WhoCanQuestion } from '../../indexes/rbac-who-can.ts';
import { Problem } from '../../problem.ts';
import { renderWhoCan, renderWhoCanWide } from '../../report/who-can-table.ts';
import { BaseCommand } from '../audit-command.ts';
import { namespaceOf } from '../flags.ts';
import { questionFlags, runQuestion } from './ask.ts';

export default class WhoCan extends BaseCommand {
  static override readonly summary = 'who can do something, through which bindings and rules, and where';
  static override readonly description =
    'RESOURCE is spelled as kubectl takes it: pods, po, deployments.apps, secrets/db, pods/exec, or a path such as /metrics. ' +
    'Without -n the answer is about the whole cluster and every namespace.';
  static override readonly examples = [
    '<%= config.bin %> rbac who-can get secrets',
    '<%= config.bin %> rbac who-can create pods/exec -n shop',
    '<%= config.bin %> rbac who-can get secrets/db-password -n shop',
    '<%= config.bin %> rbac who-can approve signers/kubernetes.io/kube-apiserver-client',
    '<%= config.bin %> rbac who-can get /metrics',
  ];
  static override readonly args = {
    verb: Args.string({ required: true, description: 'get, list, create, delete, ..., bind, escalate, impersonate, approve; * for all' }),
    resource: Args.string({ required: true, description: 'RESOURCE, RESOURCE.GROUP, RESOURCE/NAME, RESOURCE/SUBRESOURCE, or a path that begins with /' }),
  };
  static override readonly flags = {
    ...questionFlags,
    namespace: Flags.string({ char: 'n', summary: 'who can in this namespace, by RoleBindings there and ClusterRoleBindings', exclusive: ['all-namespaces'] }),
    subresource: Flags.string({ summary: 'subresource, such as log or scale' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WhoCan);
    const { verb, resource } = args;
    if (!/^(\*|[a-z][a-z:-]*)$/.test(verb)) throw new Problem(`${verb} is no verb; RBAC knows them in lower case, such as get, list, create, delete or impersonate`, { exitCode: 2 });
    const isPath = resource.startsWith('/');
    if (isPath && (flags.subresource !== undefined || flags.namespace !== undefined)) {
      throw new Problem(`a path such as ${resource} stands in no namespace and has no subresource`, { exitCode: 2 });
    }
    const within = namespaceOf(flags);
    const path: WhoCanQuestion = { verb, nonResourceURL: resource, notes: pathNotes(verb) };

    function questionFor(snapshot: Snapshot): WhoCanQuestion {
      if (isPath) return path;
      const asked = resolveResource({ verb, resource, ...(flags.subresource === undefined ? {} : { subresource: flags.subresource }) }, catalogueOf(snapshot));
      if (typeof asked === 'string') throw new Problem(asked, { exitCode: 2 });
      return { ...asked, ...within };
    }
    await runQuestion({
      toRead: { whoCan: whoCanView(path) },
      toAsk: snapshot => ({ whoCan: whoCanView(questionFor(snapshot)) }),
      table: renderWhoCan,
      wide: renderWhoCanWide,
    }, flags);
  }
}

/** For paths the verb is the HTTP method. */
function pathNotes(verb: string): string[] {
  const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', '*'];
  return methods.includes(verb) ? [] : [`inert: the verb of a path is an HTTP method in lower case, and ${verb} is none`];
}
