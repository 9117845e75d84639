/** `npm run cluster:down`: ends what `npm run cluster:up` started. */
import { parseArgs } from 'node:util';
import { endStandingCluster, standingClusterDir } from './standing-cluster.ts';

const said = {
  ended: 'The cluster has ended; nothing of it is left.',
  cleared: `The cluster had been killed; what it left in ${standingClusterDir} is cleared.`,
  none: 'No cluster was up.',
};

try {
  parseArgs({ options: {} });
  process.stdout.write(`${said[await endStandingCluster()]}\n`);
} catch (error) {
  const isUsage = String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${(error as Error).message}\n${isUsage ? '\nUsage: npm run cluster:down\n' : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}
