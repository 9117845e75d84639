import { CHECKS } from './checks/registry.ts';
import type { Check } from './checks/define-check.ts';
import type { ConnectionFlags, RequestEvent } from './cluster/api-client.ts';
import type { ClusterClient } from './cluster/connect.ts';
import type { FirstAnswer } from './cluster/first-answer.ts';
import { dataDates } from './data/data-dates.ts';
import { buildReport, viewOf } from './engine/build-report.ts';
import { clusterOf } from './engine/cluster-identity.ts';
import { createEvaluator } from './engine/evaluate.ts';
import type { Exception } from './engine/exceptions.ts';
import { buildPermissionsView, permissionsOf } from './engine/permissions-view.ts';
import type { AuditReport } from './engine/report-model.ts';
import { selectChecks, type Selection } from './engine/select-checks.ts';
import type { Gap } from './evidence/gap.ts';
import { defineIndex, sourcesOf, type Attempted, type Index } from './evidence/need.ts';
import type { AccessFacts } from './evidence/access-facts.ts';
import { deepFreeze, evidenceOf, type Snapshot } from './evidence/snapshot.ts';
import type { Source } from './evidence/source.ts';
import { apiResources, coreApiResources } from './evidence/sources/api-resources.ts';
import { apiServerLeases } from './evidence/sources/api-server.ts';
import { apiServerHandshake } from './evidence/sources/handshake.ts';
import { NODE_FILES_NAMESPACE, nodeFiles, nodeImages } from './evidence/sources/node-files.ts';
import { nodes } from './evidence/sources/platform.ts';
import { apiGroups, whoAmI, kubeSystemNamespace, serverVersion } from './evidence/sources/versions.ts';
import { apiCatalogue, type ApiCatalogue } from './indexes/api-catalogue.ts';
import { deadlines } from './indexes/deadlines.ts';
import { handshakeCertificates } from './indexes/handshake-certificates.ts';
import { kubeletView } from './indexes/kubelet-view.ts';
import { pkiView } from './indexes/pki-view.ts';
import type { AccessView } from './indexes/rbac-access.ts';
import { networkView } from './indexes/network-view.ts';
import { rbacPathView, rbacWays, type PathQuestion, type RbacWays } from './indexes/rbac-path-view.ts';
import { rbacView } from './indexes/rbac-view.ts';
import type { WhoCanView } from './indexes/rbac-who-can.ts';
import { secretsView } from './indexes/secrets-view.ts';
import { versionsView } from './indexes/versions-view.ts';
import { Problem } from './problem.ts';
import { VERSION } from './version.ts';

/** What each family's command shows beside its checks. */
const VIEWS = { handshake: handshakeCertificates, kubelet: kubeletView, network: networkView, pki: pkiView, rbac: rbacView, secrets: secretsView, versions: versionsView } as const;
export type ViewName = keyof typeof VIEWS;

/** Every view: what a snapshot for later must hold. */
export const ALL_VIEWS = Object.keys(VIEWS) as readonly ViewName[];

/** What to read and judge, whatever it is read from. */
export interface AuditQuestion {
  readonly selection: Selection;
  readonly views: readonly ViewName[];
  /** Views that answer a question of the person's own. */
  readonly asked?: { readonly whoCan?: Index<WhoCanView>; readonly access?: Index<AccessView> };
  /** Read as well, for a question that is asked later. */
  readonly also?: readonly Source[];
  /** A way through the rights of others to look for. */
  readonly path?: PathQuestion;
}

/** All there is to read: what a snapshot holds, so that any question can be put to it. */
export const EVERYTHING: AuditQuestion = { selection: {}, views: ALL_VIEWS, also: [coreApiResources, apiResources, nodeFiles, nodeImages] };

export interface ReadingOptions {
  readonly namespace?: string;
  readonly clusterId?: string;
  /** Read also with `namespace`, although they are about the whole cluster. */
  readonly alsoWithNamespace?: readonly Source[];
  /** The flags given for what is more than a plain read, with their dashes. */
  readonly optIns?: readonly string[];
  /** How kubelets are reached; absent: through the API server. */
  readonly kubelet?: 'proxy' | 'direct' | 'off';
  /** Where the pods of `--node-files` are created and of what image, where that was said. */
  readonly nodeFiles?: { readonly namespace?: string; readonly image?: string };
  /** Called with a sentence that the person should read, whatever becomes of the report. */
  readonly onWarning?: (sentence: string) => void;
  /** Called with what is about to be done beyond reading. */
  readonly onNotice?: (sentence: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly onRequest?: (event: RequestEvent) => void;
  readonly onProgress?: (event: { readonly source: Source; readonly done: boolean; readonly finished: number; readonly total: number }) => void;
  /** Aborted with a TimeoutError when the run's time is over, with anything else when the person interrupts. */
  readonly signal?: AbortSignal;
}

export interface JudgingOptions {
  readonly exceptions?: readonly Exception[];
  /** Judge as of this instant (RFC 3339) instead of the time of reading. */
  readonly at?: string;
  /** What is known of rights outside the cluster. */
  readonly facts?: AccessFacts;
}

/** Reads and judges one cluster. Nothing is global: many clusters are many calls. */
export async function audit(
  connection: ConnectionFlags,
  question: AuditQuestion,
  options: ReadingOptions & JudgingOptions = {},
): Promise<AuditReport> {
  return judge(await takeSnapshot(connection, question, options), question, options);
}

/**
 * Reads what a question needs, and nothing else.
 * @throws {Problem} where there is no API server to talk to
 */
export async function takeSnapshot(connection: ConnectionFlags, question: AuditQuestion, options: ReadingOptions = {}): Promise<Snapshot> {
  return withClient(connection, options, client => readSources(client, question, options));
}

const servedGroups = defineIndex({ id: 'served-groups', needs: { groups: apiGroups }, build: ({ groups }) => groups });

/**
 * Asks the API server which of the rights the caller has that the whole audit takes.
 * @throws {Problem} where there is no API server to talk to
 */
export async function auditPermissions(connection: ConnectionFlags, options: ReadingOptions = {}): Promise<AuditReport> {
  const nothing: AuditQuestion = { selection: { checks: [] }, views: [], also: [apiGroups] };
  return withClient(connection, options, async client => {
    const snapshot = await readSources(client, nothing, options);
    if (snapshot.loginRefused !== undefined) throw new Problem(snapshot.loginRefused);
    const { askPermissions } = await import('./collect/ask-permissions.ts');
    const groups = createEvaluator(snapshot).resolve(servedGroups);
    // What another distribution alone has takes no right here.
    const sources = new Set([...sourcesFor(EVERYTHING)].filter(({ read }) => read.how !== 'list' || read.onlyWithGroup === undefined || !('value' in groups) || groups.value.includes(read.onlyWithGroup)));
    const answers = await askPermissions(client, permissionsOf(sources), options.namespace);
    const report = judge(snapshot, nothing);
    return { ...report, views: { permissions: buildPermissionsView(answers, CHECKS, sources) } };
  });
}

async function withClient<T>(connection: ConnectionFlags, options: ReadingOptions, use: (client: ClusterClient) => Promise<T>): Promise<T> {
  try {
    return await withOpenClient(connection, options, use);
  } catch (error) {
    const reason: unknown = options.signal?.reason;
    const isOver = reason instanceof Error && reason.name === 'TimeoutError';
    throw isOver && error instanceof Problem ? new Problem(`the run's --timeout was over before the API server was reached: ${error.message}`, { cause: error }) : error;
  }
}

async function withOpenClient<T>(connection: ConnectionFlags, options: ReadingOptions, use: (client: ClusterClient) => Promise<T>): Promise<T> {
  // Only a live run pays for the network code.
  const { connect } = await import('./cluster/connect.ts');
  const client = await connect(connection, {
    userAgent: `kubectl-secaudit/${VERSION}`,
    canDoWithoutLogin: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function readSources(client: ClusterClient, question: AuditQuestion, options: ReadingOptions): Promise<Snapshot> {
  const [{ firstAnswer }, { collect }, { isNamespaceMissing }] = await Promise.all([
    import('./cluster/first-answer.ts'), import('./collect/collect.ts'), import('./collect/namespace-missing.ts'),
  ]);
  const first = await firstAnswer(client);
  const wanted = sourcesFor(question);
  const isReadingFiles = wanted.has(nodeFiles) && options.optIns?.includes('--node-files') === true;
  if (isReadingFiles && first.refusal === undefined && options.namespace === undefined) options.onNotice?.(nodeFilesNotice(options.nodeFiles?.namespace));
  const sources = [...wanted].map(source => (options.alsoWithNamespace?.includes(source) === true ? { ...source, skippedWithNamespace: false } : source));
  const { namespace } = options;
  const missing = namespace === undefined || first.refusal !== undefined ? Promise.resolve(false) : isNamespaceMissing(client, namespace);
  const refused: Gap = { kind: 'gap', reason: 'unauthorized', detail: refusalWords(client, first) };
  const unread = first.refusal === undefined
    ? notRequested(sources, options)
    : new Map(sources.filter(needsLogin).map(source => [source, { ...refused, source: source.id }]));
  const snapshot = await collect(client, sources, {
    tool: VERSION,
    collectedAt: first.date,
    clockSkewSeconds: first.clockSkewSeconds,
    ...(first.refusal === undefined && first.answer !== undefined
      ? // The answer that proved that this is an API server is evidence already.
        { answers: new Map([['/version', first.answer]]) }
      : {}),
    notRequested: unread,
    ...(options.kubelet === 'direct' ? { kubelets: { way: 'direct' as const, takeAsTheyAre: options.optIns?.includes('--kubelet-insecure-tls') === true } } : {}),
    nodeFiles: { ...options.nodeFiles, warn: options.onWarning ?? (() => undefined) },
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.clusterId === undefined ? {} : { clusterId: options.clusterId }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (await missing) {
    throw new Problem(`there is no namespace ${namespace ?? ''} on ${client.connection.server}; check --namespace and --context (kubectl get namespaces)`);
  }
  return deepFreeze({
    ...snapshot,
    ...(first.dateFrom === 'server' ? {} : { collectedAtFrom: first.dateFrom }),
    ...(first.refusal === undefined ? {} : { loginRefused: first.refusal }),
  });
}

/** What `--node-files` is about to do. */
function nodeFilesNotice(namespace = NODE_FILES_NAMESPACE): string {
  return `--node-files: on each node a pod called secaudit-node-files-... is created in namespace ${namespace}, which mounts directories of certificates read-only, and is deleted again`;
}

function refusalWords({ loginFailure }: ClusterClient, { answer }: FirstAnswer): string {
  if (loginFailure !== undefined) return 'there is no credential to log in with';
  return answer === undefined ? 'the API server refuses the client certificate of this login' : 'the API server does not accept this login (401)';
}

/** What a server shows to anybody, and what the kubeconfig says, is there for who is not let in as well. */
function needsLogin({ read }: Source): boolean {
  return read.how !== 'handshake' && read.how !== 'configured';
}

/** What stays unread because its flag was not given. */
function notRequested(sources: readonly Source[], { optIns = [], kubelet = 'proxy' }: ReadingOptions): ReadonlyMap<Source, Gap> {
  const gaps = new Map<Source, Gap>();
  for (const source of sources) {
    const { optIn } = source;
    if (optIn !== undefined && !optIns.includes(optIn.flag)) {
      gaps.set(source, { kind: 'notRequested', reason: 'flagNotGiven', source: source.id, detail: optIn.detail, flag: optIn.flag });
    } else if (source.read.how === 'node' && kubelet === 'off') {
      gaps.set(source, { kind: 'notRequested', reason: 'flagNotGiven', source: source.id, detail: 'kubelets were not asked, as told with --kubelet off', flag: '--kubelet proxy' });
    }
  }
  return gaps;
}

/** Judges a snapshot. Pure: the same snapshot and options give the same report, byte for byte. */
export function judge(snapshot: Snapshot, question: AuditQuestion, options: JudgingOptions = {}): AuditReport {
  const judgedAt = options.at ?? snapshot.collectedAt;
  const evaluator = createEvaluator(snapshot, judgedAt, options.facts);
  const checks = checksFor(question);
  const sources = [...sourcesFor(question)];
  const upcoming = evaluator.resolve(deadlines);
  const caller = evidenceOf(snapshot, whoAmI);
  return buildReport({
    snapshot,
    judgedAt,
    judged: checks.map(check => ({ check, result: evaluator.judge(check) })),
    exceptions: options.exceptions ?? [],
    sources,
    cluster: clusterOf(snapshot, evaluator, sources),
    caller: 'value' in caller ? callerOf(caller.value) : undefined,
    toolVersion: VERSION,
    data: dataDates(),
    deadlines: 'value' in upcoming ? upcoming.value : [],
    views: {
      ...Object.fromEntries([
        ...question.views.map(name => [name, VIEWS[name]] as const),
        ...Object.entries(question.asked ?? {}),
      ].map(([name, index]) => [name, viewOf(evaluator.resolve<unknown>(index))])),
      ...(question.path === undefined ? {} : { rbacPath: pathViewOf(evaluator.resolve(rbacWays), question.path) }),
    },
  });
}

/** What the cluster of a snapshot serves. */
export function catalogueOf(snapshot: Snapshot): ApiCatalogue {
  const resolved = createEvaluator(snapshot).resolve(apiCatalogue);
  return 'value' in resolved ? resolved.value : { resources: [], unknownGroups: [], gaps: resolved.gaps };
}

/** The checks of a question. @throws {Problem} where it names something unknown or nothing */
function checksFor(question: AuditQuestion): readonly Check[] {
  return selectChecks(CHECKS, question.selection);
}

/** Everything a question needs to have read, with what says which cluster and who asks. */
export function sourcesFor(question: AuditQuestion): ReadonlySet<Source> {
  const sources = new Set<Source>([serverVersion, kubeSystemNamespace, whoAmI, apiServerHandshake]);
  for (const check of checksFor(question)) sourcesOf(check.needs, sources);
  for (const name of question.views) sourcesOf(VIEWS[name].needs, sources);
  for (const index of Object.values(question.asked ?? {})) sourcesOf(index.needs, sources);
  for (const source of question.also ?? []) sources.add(source);
  if (question.path !== undefined) sourcesOf(rbacWays.needs, sources);
  // How many replicas there are to ask is known from their leases.
  if ([...sources].some(source => source.per === 'replica')) sources.add(apiServerLeases);
  // And which kubelets, from the nodes.
  if ([...sources].some(source => source.per === 'node')) sources.add(nodes);
  return sources;
}

function pathViewOf(ways: Attempted<RbacWays>, question: PathQuestion): NonNullable<AuditReport['views']['rbacPath']> {
  return 'value' in ways ? rbacPathView(ways.value, question) : ways;
}

function callerOf(value: unknown): AuditReport['caller'] {
  const { username, groups } = value as NonNullable<typeof whoAmI.evidence>;
  return { username, groups };
}
