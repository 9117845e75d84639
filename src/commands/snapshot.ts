import * as Args from '@oclif/core/args';
import { EVERYTHING, takeSnapshot } from '../audit.ts';
import { Problem } from '../problem.ts';
import { counted } from '../report/words.ts';
import { BaseCommand, warnOfSecrets } from './audit-command.ts';
import { auditFlags, connectionFlags, connectionOf, namespaceOf, optInsOf, outputFlags } from './flags.ts';
import { followRun } from './follow-run.ts';
import { writeFileWhole } from './write-file.ts';

export default class Snapshot extends BaseCommand {
  static override readonly summary = 'save what was read, redacted, to audit it later or elsewhere';
  static override readonly description =
    'Reads what every check needs and writes a gzip JSON Lines file. It holds no Secret value, key, token or environment value. Audit it with --snapshot FILE.';
  static override readonly examples = ['<%= config.bin %> snapshot prod.snapshot.gz', '<%= config.bin %> scan --snapshot prod.snapshot.gz'];
  static override readonly args = { file: Args.string({ required: true, description: 'file to write' }) };
  static override readonly flags = {
    ...connectionFlags,
    namespace: auditFlags.namespace,
    'all-namespaces': auditFlags['all-namespaces'],
    'cluster-id': auditFlags['cluster-id'],
    kubelet: auditFlags.kubelet,
    'kubelet-insecure-tls': auditFlags['kubelet-insecure-tls'],
    'probe-anonymous': auditFlags['probe-anonymous'],
    'node-files': auditFlags['node-files'],
    'node-files-namespace': auditFlags['node-files-namespace'],
    'node-files-image': auditFlags['node-files-image'],
    tunnel: auditFlags.tunnel,
    'probe-nodes': auditFlags['probe-nodes'],
    'tls-secrets': auditFlags['tls-secrets'],
    timeout: auditFlags.timeout,
    quiet: outputFlags.quiet,
    verbose: outputFlags.verbose,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Snapshot);
    const run = followRun(flags);
    warnOfSecrets(flags);
    try {
      const snapshot = await takeSnapshot(connectionOf(flags), EVERYTHING, {
        ...run.options,
        ...namespaceOf(flags),
        ...optInsOf(flags),
        ...(flags['cluster-id'] === undefined ? {} : { clusterId: flags['cluster-id'] }),
      });
      if (snapshot.loginRefused !== undefined) throw new Problem(snapshot.loginRefused);
      // Whoever interrupts does not want the file; what was read has been said.
      if (run.wasInterrupted()) {
        process.stderr.write(`${args.file} was not written\n`);
        return;
      }
      const { encodeSnapshot } = await import('./snapshot-on-disk.ts');
      await writeFileWhole(args.file, await encodeSnapshot(snapshot));
      const sources = Object.values(snapshot.sources);
      const gaps = sources.filter(source => 'gap' in source).length;
      if (!flags.quiet) {
        process.stderr.write(`wrote ${args.file}: ${counted(sources.length - gaps, 'source')} read, ${counted(gaps, 'gap')}\n`);
      }
    } finally {
      run.end();
    }
  }
}
