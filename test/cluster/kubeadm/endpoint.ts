/**
 * What stands in front of several API servers: `node endpoint.ts DIRECTORY ADDRESS SERVER...`, each on port 6443. It runs
 * beside the nodes and not in one of them, so that it outlives whoever started the cluster.
 */
import { startBalancer } from '../balancer.ts';

const PORT = 6443;

// The directory among the arguments tells whose process it is.
const [, , , address = '', ...servers] = process.argv;
await startBalancer(() => servers.map(host => ({ host, port: PORT })), { host: address, port: PORT });
process.stdout.write('listens\n');
setInterval(() => undefined, 1 << 30);
