import { project, type AnyFieldTree } from './fields.ts';
import type { KubeletWay, NodeAnswer } from './source.ts';

/**
 * The settings of a kubelet as far as security goes, under the names of KubeletConfiguration (kubelet.config.k8s.io/v1beta1).
 * A kubelet prints what is in force, file and flags merged and defaults filled in, and leaves out what is zero: where a
 * field without `?` is absent there, it stands here as the zero that it means.
 */
export interface KubeletConfiguration {
  readonly authentication: {
    readonly anonymous: { readonly enabled: boolean };
    readonly webhook: { readonly enabled: boolean };
    /** The path of the file, empty where client certificates are not taken. */
    readonly x509: { readonly clientCAFile: string };
  };
  readonly authorization: { readonly mode: string };
  /** The address that both ports are bound to; empty where it is not said, which means all. */
  readonly address: string;
  /** 0: closed. */
  readonly readOnlyPort: number;
  readonly rotateCertificates: boolean;
  readonly serverTLSBootstrap: boolean;
  readonly tlsCertFile: string;
  readonly tlsMinVersion: string;
  readonly tlsCipherSuites: readonly string[];
  readonly protectKernelDefaults: boolean;
  readonly allowedUnsafeSysctls: readonly string[];
  /** Scheme of the URL that static pods are fetched from, such as `http:`; empty where there is none. */
  readonly staticPodURL: string;
  readonly enableSystemLogQuery: boolean;
  /** False in kubelets that are too old to have it (below 1.22). */
  readonly seccompDefault: boolean;
  /** -1: no limit of its own for a pod. Absent in kubelets that do not say. */
  readonly podPidsLimit?: number;
  readonly enableDebuggingHandlers?: boolean;
  readonly makeIPTablesUtilChains?: boolean;
  readonly eventRecordQPS?: number;
  /** A Go duration such as `4h0m0s`. */
  readonly streamingConnectionIdleTimeout?: string;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/** The configuration of one kubelet, and how it was reached. */
export interface KubeletConfigz {
  readonly way: KubeletWay;
  readonly config: KubeletConfiguration;
}

/** What is kept. The headers for the URL of static pods (`staticPodURLHeader`), which a kubelet prints too, may hold a token. */
export const KUBELET_CONFIGURATION_FIELDS = {
  authentication: {
    anonymous: { enabled: true },
    webhook: { enabled: true },
    x509: { clientCAFile: true },
  },
  authorization: { mode: true },
  address: true,
  readOnlyPort: true,
  rotateCertificates: true,
  serverTLSBootstrap: true,
  tlsCertFile: true,
  tlsMinVersion: true,
  tlsCipherSuites: true,
  protectKernelDefaults: true,
  allowedUnsafeSysctls: true,
  staticPodURL: schemeOfUrl,
  enableSystemLogQuery: true,
  seccompDefault: true,
  podPidsLimit: true,
  enableDebuggingHandlers: true,
  makeIPTablesUtilChains: true,
  eventRecordQPS: true,
  streamingConnectionIdleTimeout: true,
  featureGates: true,
} as const satisfies AnyFieldTree;

/** Kubelets before 1.8 used the other key. */
const ENVELOPES = ['kubeletconfig', 'componentconfig'] as const;

/**
 * Reads the answer of `/configz`.
 * @throws {Error} where it is no kubelet's configuration: what does not say who may come in must not look like a good one
 */
export function parseConfigz({ body, way }: NodeAnswer): KubeletConfigz {
  const answer: unknown = JSON.parse(body);
  if (!isRecord(answer)) throw new Error('the answer is no object');
  const envelope = ENVELOPES.find(key => isRecord(answer[key]));
  if (envelope === undefined) throw new Error('the answer holds no kubelet configuration');
  const config = configurationIn(answer[envelope]);
  if (config === undefined) throw new Error('the configuration does not say who may come in');
  return { way, config };
}

/**
 * A configuration in force, from its JSON form. Undefined where anonymous access or authorization is not said, which a
 * kubelet always says.
 */
function configurationIn(value: unknown): KubeletConfiguration | undefined {
  const kept = project(KUBELET_CONFIGURATION_FIELDS, value);
  const authentication = recordAt(kept, 'authentication');
  const anonymous = recordAt(authentication, 'anonymous')['enabled'];
  const webhook = recordAt(authentication, 'webhook')['enabled'];
  const mode = recordAt(kept, 'authorization')['mode'];
  if (typeof anonymous !== 'boolean' || typeof webhook !== 'boolean' || typeof mode !== 'string' || mode === '') return undefined;
  return {
    authentication: {
      anonymous: { enabled: anonymous },
      webhook: { enabled: webhook },
      x509: { clientCAFile: stringIn(recordAt(authentication, 'x509')['clientCAFile']) },
    },
    authorization: { mode },
    address: stringIn(kept['address']),
    readOnlyPort: numberIn(kept['readOnlyPort']) ?? 0,
    rotateCertificates: kept['rotateCertificates'] === true,
    serverTLSBootstrap: kept['serverTLSBootstrap'] === true,
    tlsCertFile: stringIn(kept['tlsCertFile']),
    tlsMinVersion: stringIn(kept['tlsMinVersion']),
    tlsCipherSuites: stringsIn(kept['tlsCipherSuites']),
    protectKernelDefaults: kept['protectKernelDefaults'] === true,
    allowedUnsafeSysctls: stringsIn(kept['allowedUnsafeSysctls']),
    staticPodURL: stringIn(kept['staticPodURL']),
    enableSystemLogQuery: kept['enableSystemLogQuery'] === true,
    seccompDefault: kept['seccompDefault'] === true,
    ...optional('podPidsLimit', numberIn(kept['podPidsLimit'])),
    ...optional('enableDebuggingHandlers', booleanIn(kept['enableDebuggingHandlers'])),
    ...optional('makeIPTablesUtilChains', booleanIn(kept['makeIPTablesUtilChains'])),
    ...optional('eventRecordQPS', numberIn(kept['eventRecordQPS'])),
    ...optional('streamingConnectionIdleTimeout', typeof kept['streamingConnectionIdleTimeout'] === 'string' ? kept['streamingConnectionIdleTimeout'] : undefined),
    featureGates: Object.fromEntries(Object.entries(recordAt(kept, 'featureGates')).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean')),
  };
}

function optional<const K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: V });
}

/** A URL may hold a password; only how its content travels is kept. */
function schemeOfUrl(url: unknown): string | undefined {
  if (typeof url !== 'string' || url === '') return undefined;
  return /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase() ?? 'unknown:';
}

function recordAt(of: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = of[name];
  return isRecord(found) ? found : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function stringsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

function numberIn(value: unknown): number | undefined {
  // Neither 1e999 nor -0, which no snapshot can hold.
  return Number.isSafeInteger(value) ? (value as number) + 0 : undefined;
}

function booleanIn(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}
