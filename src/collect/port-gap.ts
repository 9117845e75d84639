import { RequestFailure, type NoServer } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Source } from '../evidence/source.ts';
import { statusMessage } from './gap-of.ts';

/** Why nothing was seen at one port, in the same words for every node, so that a hundred dead ones are one line. */
export function gapOfPort(source: Source, port: number, outcome: NoServer): Gap {
  if ('refused' in outcome) return gapOfTunnel(source, outcome.refused);
  return outcome.leadsNowhere.includes('connection refused')
    ? { kind: 'notObservable', reason: 'notServed', source: source.id, detail: `nothing listens on port ${port}` }
    : gap(source, 'unreachable', `the tunnel ended before port ${port} had answered${runtimeWords(outcome.leadsNowhere)}`);
}

/** Why the API server, or what stands before it, opened no tunnel. */
function gapOfTunnel(source: Source, { status, body }: { readonly status: number; readonly body: string }): Gap {
  const said = statusMessage(body);
  const because = said === undefined ? '' : ` (${said})`;
  switch (status) {
    case 401:
      return gap(source, 'unauthorized', 'the API server no longer accepts this credential');
    case 403:
      // The right was asked for before: an admission policy says no to what RBAC allows.
      return gap(source, 'forbidden', `the API server opens no tunnel${because}`);
    case 404:
      return gap(source, 'notSeen', 'the pod that was to lead there is gone');
    case 405:
      return gap(source, 'notServed', 'the kubelet opens no tunnels: enableDebuggingHandlers is off');
    case 429:
      return gap(source, 'tooManyRequests', 'the API server was too busy to open a tunnel');
    case 500:
    case 502:
    case 503:
    case 504:
      return gap(source, 'unreachable', `the API server cannot open a tunnel${because === '' ? ` (it answered ${status})` : because}`);
    default:
      return gap(source, 'notServed', `the API server, or a proxy before it, opens no WebSocket (it answered ${status}); connect without that proxy`);
  }
}

/** @throws what is no failed request */
export function gapOfPortFailure(source: Source, port: number, milliseconds: number, error: unknown): Gap {
  if (!(error instanceof RequestFailure)) throw error;
  const details: Readonly<Record<RequestFailure['kind'], string>> = {
    timeout: `port ${port} did not answer within ${Math.ceil(milliseconds / 1000)} s`,
    unreachable: `the connection failed while port ${port} was asked`,
    truncated: `the answer of port ${port} broke off`,
    malformed: `what listens on port ${port} shows no certificate that can be read`,
    interrupted: `interrupted before port ${port} had answered`,
  };
  return gap(source, error.kind, details[error.kind]);
}

export function timeIsOver(source: Source): Gap {
  return gap(source, 'timeout', 'the time for all nodes was over before this port was asked');
}

function gap(source: Source, reason: Gap['reason'], detail: string): Gap {
  return { kind: 'gap', reason, source: source.id, detail };
}

/** What a container runtime says of a tunnel, without the ids of its sandboxes. */
function runtimeWords(said: string): string {
  const words = said.replaceAll(/"?[0-9a-f]{16,}"?/g, '…').slice(0, 200);
  return words === '' ? '' : ` (${words})`;
}
