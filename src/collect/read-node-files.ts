import { RequestFailure, type ApiClient } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import { parseNodeFiles, type NodeFiles } from '../evidence/node-files.ts';
import type { PerResult, Source } from '../evidence/source.ts';
import type { ControlPlanePod } from '../evidence/sources/control-plane.ts';
import { imagesWithShell, NODE_FILES_NAMESPACE, nodeFilesRights, type nodeImages } from '../evidence/sources/node-files.ts';
import type { NodeEvidence } from '../evidence/sources/platform.ts';
import { askPermissions } from './ask-permissions.ts';
import { isControlPlane, nodeFilePlaces, placesOf, type NodeFilePlaces } from './node-file-places.ts';
import { PATIENCE, runNodeFilesPod, sweepNodeFilesPods, type PodEnd, type PodPatience, type Warn } from './node-files-run.ts';

/** Pods at a time, over all nodes. */
const CONCURRENCY = 3;
/** Images that are tried on one node. */
const MOST_IMAGES = 3;
/** What all nodes may take together. */
const BUDGET_MILLISECONDS = 10 * 60_000;

/** What the person said about the pods. */
export interface NodeFilesAccess {
  /** Absent: {@link NODE_FILES_NAMESPACE}. */
  readonly namespace?: string;
  /** May be pulled; absent: an image that lies on the node. */
  readonly image?: string;
  readonly warn: Warn;
  /** Absent: {@link PATIENCE}. */
  readonly patience?: PodPatience;
}

interface Known {
  readonly nodes: readonly NodeEvidence[];
  readonly images: NonNullable<(typeof nodeImages)['evidence']>;
  readonly staticPods: readonly ControlPlanePod[];
}

/** Reads the certificate files of every node, control planes first. Each node has a result or a gap of its own. */
export async function readNodeFiles(client: ApiClient, source: Source, known: Known, access: NodeFilesAccess, signal: AbortSignal | undefined): Promise<PerResult<NodeFiles>[]> {
  const { namespace = NODE_FILES_NAMESPACE, patience = PATIENCE } = access;
  const results = new Map<string, PerResult<NodeFiles>>();
  const missing = await missingRights(client, source, namespace);
  if (missing !== undefined) return known.nodes.map(({ metadata: { name: of } }) => ({ of, gap: missing }));
  await sweepNodeFilesPods(client, namespace, access.warn, patience);

  const started = performance.now();
  const queue = known.nodes.toSorted((a, b) => Number(isControlPlane(b)) - Number(isControlPlane(a)));
  async function worker(): Promise<void> {
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      const of = node.metadata.name;
      const isLate = performance.now() - started > BUDGET_MILLISECONDS;
      results.set(of, { of, ...(isLate ? { gap: gapFor(source, 'timeout', 'the time for all nodes was over before a pod was created on this one') } : await readNode(node)) });
    }
  }
  async function readNode(node: NodeEvidence): Promise<{ value: NodeFiles } | { gap: Gap }> {
    const images = access.image === undefined ? imagesOf(known, node) : [access.image];
    const unfit = unfitness(source, node, images);
    if (unfit !== undefined) return { gap: unfit };
    try {
      return await filesOf(client, source, { node: node.metadata.name, namespace, images, mayPull: access.image !== undefined, places: nodeFilePlaces(node, known.staticPods), warn: access.warn, patience, signal });
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      return { gap: gapFor(source, error.kind, `the pod on this node could not be followed: ${error.message}`) };
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return known.nodes.flatMap(({ metadata }) => results.get(metadata.name) ?? []);
}

/** Self access reviews before anything is created. */
async function missingRights(client: ApiClient, source: Source, namespace: string): Promise<Gap | undefined> {
  const answers = await askPermissions(client, nodeFilesRights(namespace), namespace);
  const missing = answers.filter(answer => !('allowed' in answer && answer.allowed)).map(({ permission }) => permission);
  if (missing.length === 0) return undefined;
  return { kind: 'gap', reason: 'forbidden', source: source.id, detail: `this user may not create, read and delete pods in namespace ${namespace}, so none was created`, permissions: missing };
}

function imagesOf({ images }: Known, { metadata }: NodeEvidence): readonly string[] {
  return imagesWithShell(images.find(each => each.metadata.name === metadata.name)).slice(0, MOST_IMAGES);
}

/** Why no pod of ours can run there. */
function unfitness(source: Source, { metadata: { labels = {} }, status }: NodeEvidence, images: readonly string[]): Gap | undefined {
  const never = (detail: string): Gap => ({ kind: 'notObservable', reason: 'notSeen', source: source.id, detail });
  if (labels['kubernetes.io/os'] === 'windows') return never('the node runs Windows, which the pod cannot');
  if (labels['type'] === 'virtual-kubelet') return never('there is no machine behind this node');
  if (status?.conditions?.ready !== 'True') return gapFor(source, 'unreachable', 'the node is not ready, so no pod was created on it');
  if (images.length > 0) return undefined;
  return { ...gapFor(source, 'notSeen', 'no image with a shell is known to be on this node, and nothing is pulled without being told to'), flag: '--node-files-image IMAGE' };
}

interface Wanted {
  readonly node: string;
  readonly namespace: string;
  readonly images: readonly string[];
  readonly mayPull: boolean;
  readonly places: NodeFilePlaces;
  readonly warn: Warn;
  readonly patience: PodPatience;
  readonly signal: AbortSignal | undefined;
}

/** One pod where all goes well; others where an image has no shell, a directory is missing or files belong to others. */
async function filesOf(client: ApiClient, source: Source, wanted: Wanted): Promise<{ value: NodeFiles } | { gap: Gap }> {
  let images = wanted.images;
  const run = async (places: NodeFilePlaces, readsAll: boolean): Promise<PodEnd> => {
    let end: PodEnd = { failed: 'interrupted' };
    for (const image of images) {
      if (wanted.signal?.aborted === true) throw new RequestFailure('interrupted', 'interrupted before the pod was created');
      const { node, namespace, mayPull, warn, patience } = wanted;
      end = await runNodeFilesPod(client, { node, namespace, image, mayPull, ...places, readsAll }, warn, patience);
      if (!('unusable' in end)) {
        images = [image];
        return end;
      }
    }
    return end;
  };

  const together = await run(wanted.places, false);
  const parts = 'stuck' in together && wanted.places.directories.length > 1
    ? await eachAlone(wanted.places.directories, directory => run(placesOf(wanted.places, directory), false))
    : [{ directories: wanted.places.directories, end: together }];
  const read = parts.flatMap(({ directories, end }) => ('log' in end ? [{ directories, output: parsed(end.log) }] : []));
  const outputs = read.flatMap(({ output }) => output ?? []);
  if (read.length === 0) return { gap: gapOfEnd(source, together, wanted) };
  if (outputs.length < read.length) return { gap: gapFor(source, 'truncated', 'the output of the pod was cut off or is not that of its program') };

  const directories = read.flatMap(part => part.directories);
  const isRefused = outputs.some(({ unread }) => unread.some(({ because }) => because === 'refused'));
  const again = isRefused ? await run({ directories, walks: directories.flatMap(directory => placesOf(wanted.places, directory).walks) }, true) : undefined;
  const all = again !== undefined && 'log' in again ? parsed(again.log) : undefined;
  const best = all === undefined ? outputs : [all];
  return {
    value: {
      files: best.flatMap(({ files }) => files).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      directories,
      unread: [
        ...best.flatMap(({ unread }) => unread),
        ...parts.filter(({ end }) => !('log' in end)).flatMap(part => part.directories.map(path => ({ path, because: 'notMounted' as const }))),
      ],
      isCut: best.some(({ isCut }) => isCut),
      image: images[0] ?? '',
    },
  };
}

async function eachAlone(directories: readonly string[], run: (directory: string) => Promise<PodEnd>): Promise<{ readonly directories: readonly string[]; readonly end: PodEnd }[]> {
  const ends: { readonly directories: readonly string[]; readonly end: PodEnd }[] = [];
  for (const directory of directories) ends.push({ directories: [directory], end: await run(directory) });
  return ends;
}

/** Undefined where it is not what the program writes, from its first line to its last. */
function parsed(log: string): ReturnType<typeof parseNodeFiles> | undefined {
  try {
    return parseNodeFiles(log);
  } catch (error) {
    // The words of the parser could quote the output.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function gapOfEnd(source: Source, end: PodEnd, { images, mayPull }: Wanted): Gap {
  if ('refused' in end) return gapFor(source, 'forbidden', `${end.refused}; nothing was created`);
  if ('unusable' in end) {
    const tried = mayPull ? `the image ${images[0] ?? ''} cannot be used` : `none of the images on this node that should have a shell can be used (${images.length} tried)`;
    return { ...gapFor(source, 'notSeen', `${tried}: ${end.unusable}`), flag: '--node-files-image IMAGE' };
  }
  if ('stuck' in end) return gapFor(source, 'timeout', end.stuck);
  return gapFor(source, 'serverError', 'failed' in end ? end.failed : 'the pod gave no output');
}

function gapFor(source: Source, reason: Gap['reason'], detail: string): Gap {
  return { kind: 'gap', reason, source: source.id, detail };
}
