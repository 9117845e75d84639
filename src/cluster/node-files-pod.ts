import { NODE_FILES_SCRIPT } from './node-files-script.ts';

/** Pods of `--node-files` carry it, so that a later run finds what an earlier one left. */
export const NODE_FILES_LABEL = 'kubectl-secaudit/node-files';
/** What every such pod is called. */
export const NODE_FILES_NAME = /^secaudit-node-files-[a-z0-9]{10}$/;
/** The kubelet ends the pod after so many seconds, whatever becomes of this program. */
export const NODE_FILES_DEADLINE_SECONDS = 120;

/** What differs between two such pods; nothing else can be created through a client. */
export interface NodeFilesPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly image: string;
  /** Otherwise the image must be on the node already. */
  readonly mayPull: boolean;
  /** Directories of the node, mounted read-only at their own paths; one that is not there keeps the pod from starting. */
  readonly directories: readonly string[];
  /** What is walked below them: how deep, and from where. */
  readonly walks: readonly { readonly path: string; readonly depth: number }[];
  /** Reads what belongs to other users than root, and what SELinux keeps from containers. */
  readonly readsAll: boolean;
}

/**
 * The pod as the API takes it: root of a container without any capability, network of the node, token or writable mount.
 * `type: Directory` matters: with an empty type the runtime makes a directory that is missing, on the node.
 * @throws {Error} for what is no directory to mount
 */
export function nodeFilesManifest({ namespace, name, node, image, mayPull, directories, walks, readsAll }: NodeFilesPod): object {
  if (!NODE_FILES_NAME.test(name)) throw new Error(`a pod of --node-files cannot be called ${name}`);
  const wrong = directories.find(path => !isMountable(path));
  if (wrong !== undefined) throw new Error(`--node-files does not mount ${wrong}`);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/name': 'secaudit-node-files', 'app.kubernetes.io/managed-by': 'kubectl-secaudit', [NODE_FILES_LABEL]: 'true' },
      annotations: { 'kubectl-secaudit/purpose': 'reads the certificates of this node for "kubectl secaudit --node-files", changes nothing, and may be deleted at any time' },
    },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      activeDeadlineSeconds: NODE_FILES_DEADLINE_SECONDS,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [{
        name: 'read',
        image,
        imagePullPolicy: mayPull ? 'IfNotPresent' : 'Never',
        command: ['sh', '-c', NODE_FILES_SCRIPT, 'secaudit', ...walks.flatMap(({ path, depth }) => [String(depth), path])],
        env: [{ name: 'LC_ALL', value: 'C' }],
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '250m', memory: '64Mi' } },
        securityContext: {
          runAsUser: 0,
          runAsGroup: 0,
          allowPrivilegeEscalation: false,
          privileged: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'], ...(readsAll ? { add: ['DAC_READ_SEARCH'] } : {}) },
          seccompProfile: { type: 'RuntimeDefault' },
          ...(readsAll ? { seLinuxOptions: { type: 'spc_t' } } : {}),
        },
        volumeMounts: directories.map((mountPath, at) => ({ name: `node-${at}`, mountPath, readOnly: true, recursiveReadOnly: 'IfPossible' })),
      }],
      volumes: directories.map((path, at) => ({ name: `node-${at}`, hostPath: { path, type: 'Directory' } })),
    },
  };
}

/** A directory deep enough to be one of certificates: never the root of the node, or what the image itself runs from. */
export function isMountable(path: string): boolean {
  return /^(\/[A-Za-z0-9][A-Za-z0-9._-]*){2,8}$/.test(path) && !/^\/(proc|sys|dev|run|bin|sbin|lib|lib64|usr)\//.test(path) && path.length < 200;
}

/** Where pods of a namespace are. */
export function podsPath(namespace: string, name?: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
