import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The fields of an audit.k8s.io/v1 Event that tests ask about. */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly impersonatedUser?: { readonly username: string; readonly groups?: readonly string[] };
  readonly userAgent?: string;
  /** Absent for paths that are no resources, such as /metrics. */
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Every event in the audit logs of a folder, rotated ones included, in the order of their writing. */
export function readAuditEvents(folder: string): AuditEvent[] {
  // "audit-DATE.log" sorts before "audit.log".
  return readdirSync(folder).sort().flatMap(file => {
    const lines = readFileSync(path.join(folder, file), 'utf8').split('\n');
    lines.pop(); // after the last line break: nothing, or a line that is still being written
    return lines.map(line => JSON.parse(line) as AuditEvent);
  });
}
