import { parse } from 'yaml';
import { KUBELET_CONFIGURATION_FIELDS } from './kubelet-configuration.ts';
import { project } from './fields.ts';

/** What kubeadm's ConfigMap asks of kubelets; absent where it leaves it to the kubelet's default. */
export interface IntendedKubelet {
  readonly anonymous?: boolean;
  readonly authorization?: string;
  readonly readOnlyPort?: number;
}

/** Reads the ConfigMap kube-system/kubelet-config. @throws {Error} where it holds no KubeletConfiguration */
export function parseIntended(body: string): IntendedKubelet {
  const configMap: unknown = JSON.parse(body);
  const text = textAt(configMap, 'kubelet');
  if (text === undefined) throw new Error('the ConfigMap holds no kubelet configuration');
  const document: unknown = parse(text);
  if (typeof document !== 'object' || document === null || !('kind' in document) || document.kind !== 'KubeletConfiguration') throw new Error('the text is no KubeletConfiguration');
  const kept = project(KUBELET_CONFIGURATION_FIELDS, document);
  const { authentication, authorization, readOnlyPort } = kept as {
    readonly authentication?: { readonly anonymous?: { readonly enabled?: unknown } };
    readonly authorization?: { readonly mode?: unknown };
    readonly readOnlyPort?: unknown;
  };
  const anonymous = authentication?.anonymous?.enabled;
  return {
    ...(typeof anonymous === 'boolean' ? { anonymous } : {}),
    ...(typeof authorization?.mode === 'string' ? { authorization: authorization.mode } : {}),
    ...(typeof readOnlyPort === 'number' ? { readOnlyPort } : {}),
  };
}

function textAt(configMap: unknown, key: string): string | undefined {
  if (typeof configMap !== 'object' || configMap === null || !('data' in configMap)) return undefined;
  const { data } = configMap;
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, key)) return undefined;
  const text: unknown = (data as Record<string, unknown>)[key];
  return typeof text === 'string' ? text : undefined;
}
