/** The layers of the house: imports point one way. Each rule's comment is the message that a person sees. */
const layer = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'A cycle has no order to read it in, and breaks lazy loading.', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'resolvable', severity: 'error', comment: 'The import leads nowhere.', from: {}, to: { couldNotResolve: true } },
    layer('evidence-is-vocabulary', '^src/evidence/', ['^src/problem\\.ts$'], 'Evidence is the vocabulary that everything shares: it knows nothing above it.'),
    layer('data-is-data', '^src/data/', ['^src/evidence/'], 'A fact table knows no program.'),
    layer('cluster-knows-no-audit', '^src/cluster/', ['^src/evidence/', '^src/problem\\.ts$', '^src/version\\.ts$'], 'The network code carries bytes; what they mean is decided elsewhere.'),
    layer('collect-stops-at-evidence', '^src/collect/', ['^src/cluster/', '^src/evidence/', '^src/problem\\.ts$'], 'A collector turns answers into evidence and judges nothing.'),
    layer('indexes-are-pure', '^src/indexes/', ['^src/evidence/', '^src/data/'], 'An index is worked out from evidence and fact tables alone: never a client, a clock or a report.'),
    layer('checks-are-pure', '^src/checks/', ['^src/indexes/', '^src/evidence/', '^src/data/'], 'A check judges what indexes and evidence say: never a client, a clock or a report.'),
    layer('engine-above-checks', '^src/engine/', ['^src/checks/', '^src/indexes/', '^src/evidence/', '^src/data/', '^src/problem\\.ts$'], 'The engine judges and builds the report model; it neither reads a cluster nor prints.'),
    layer('report-renders-the-model', '^src/report/', ['^src/engine/', '^src/evidence/', '^src/indexes/', '^src/checks/define-check\\.ts$'], 'A format renders the report model to text: it reads and judges nothing.'),
    layer('reference-describes-the-catalogue', '^src/reference/', ['^src/engine/', '^src/checks/', '^src/evidence/', '^src/data/'], 'The reference says what the catalogue says of itself.'),
    { name: 'report-takes-index-types-only', severity: 'error', comment: 'A format may know the shape of a view, never work one out.', from: { path: '^src/report/' }, to: { path: '^src/indexes/', dependencyTypesNot: ['type-only'] } },
    { name: 'only-cluster-opens-sockets', severity: 'error', comment: 'Only src/cluster opens a socket or starts a process.', from: { path: '^src/', pathNot: '^src/cluster/' }, to: { path: '^(node:)?(https?|net|tls|http2|dgram|child_process)$' } },
    { name: 'only-types-of-the-client', severity: 'error', comment: 'The client library costs half a second to load; only its types are used.', from: { path: '^src/' }, to: { path: 'client-node', dependencyTypesNot: ['type-only'] } },
    { name: 'pure-parts-touch-no-files', severity: 'error', comment: 'Reading and writing files is for commands and cluster.', from: { path: '^src/(checks|indexes|evidence|engine|report|reference|data)/' }, to: { path: '^(node:)?fs' } },
    { name: 'src-needs-no-test', severity: 'error', comment: 'The program stands without its tests.', from: { path: '^src/' }, to: { path: '^test/' } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
