import type { Control, Family, Severity } from '../checks/define-check.ts';
import type { Grade } from '../evidence/evidence-item.ts';
import type { Gap, Permission } from '../evidence/gap.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { Subject } from '../evidence/subject.ts';
import type { Deadline } from '../indexes/deadlines.ts';
import type { HandshakeView } from '../indexes/handshake-certificates.ts';
import type { PkiView } from '../indexes/pki-view.ts';
import type { Platform } from '../indexes/platform.ts';
import type { KubeletView } from '../indexes/kubelet-view.ts';
import type { AccessView } from '../indexes/rbac-access.ts';
import type { NetworkView } from '../indexes/network-view.ts';
import type { RbacPathView } from '../indexes/rbac-path-view.ts';
import type { RbacView } from '../indexes/rbac-view.ts';
import type { WhoCanView } from '../indexes/rbac-who-can.ts';
import type { SecretsView } from '../indexes/secrets-view.ts';
import type { VersionsView } from '../indexes/versions-view.ts';
import type { CheckStatus, UnknownResult } from './evaluate.ts';
import type { PermissionsView } from './permissions-view.ts';

/** What every command gives with `-o json`. Within v1 fields are only added; consumers ignore what they do not know. */
export interface AuditReport {
  readonly apiVersion: 'secaudit/v1';
  readonly kind: 'AuditReport';
  readonly tool: ReportTool;
  readonly cluster: ReportCluster;
  /** Who asked, as the API server sees them; absent where it would not say. */
  readonly caller?: ReportCaller;
  readonly scope: { readonly namespace?: string };
  /** When the cluster was read, by its own clock. RFC 3339, UTC. */
  readonly collectedAt: string;
  /** The instant that ages and deadlines are judged by: collectedAt, unless `--at` said otherwise. */
  readonly judgedAt: string;
  readonly clockSkewSeconds: number;
  /** Set where no answer carried a Date and `collectedAt` is the time of the machine that asked. */
  readonly collectedAtFrom?: 'thisMachine';
  /** Why the API server does not let the person in: then only what it shows to anybody was read, and the exit code is 1. */
  readonly loginRefused?: string;
  readonly durationSeconds: number;
  readonly summary: ReportSummary;
  readonly deadlines: readonly Deadline[];
  /** Findings with one cause, worst first. */
  readonly causes: readonly ReportCause[];
  readonly notAssessed: readonly ReportNotAssessed[];
  readonly findings: readonly ReportFinding[];
  readonly checks: readonly ReportCheck[];
  readonly exceptions: readonly ReportException[];
  readonly sources: readonly ReportSource[];
  readonly views: ReportViews;
}

export interface ReportTool {
  readonly name: 'kubectl-secaudit';
  readonly version: string;
  /** Until when each of the program's own fact tables is known to be complete, `YYYY-MM-DD` or `YYYY-MM`. */
  readonly data: { readonly [table: string]: string };
}

export interface ReportCluster {
  readonly id: string;
  /** What the id is: `flag` (--cluster-id), `kube-system` (that namespace's uid), `ca` (a hash of the CA's key), `server` (a hash of the URL). */
  readonly idFrom: 'flag' | 'kube-system' | 'ca' | 'server';
  readonly server: string;
  readonly context?: string;
  readonly version?: string;
  readonly platform?: Platform;
}

export interface ReportCaller {
  readonly username: string;
  readonly groups: readonly string[];
}

export interface ReportSummary {
  readonly checks: { readonly [status in CheckStatus]: number };
  /** Open findings by severity. */
  readonly findings: { readonly [severity in Severity]: number };
  readonly excepted: number;
  /** Sources with a gap of kind `gap`: what `--fail-on-incomplete` looks at. */
  readonly gaps: number;
  readonly requests: number;
  readonly bytes: number;
  /** Each category of the OWASP Kubernetes Top Ten that any check of this run maps to, with the roll-up of those checks. */
  readonly owasp: readonly { readonly framework: 'owasp-2022' | 'owasp-2025'; readonly id: string; readonly status: CheckStatus }[];
}

export interface ReportCause {
  readonly check: string;
  readonly severity: Severity;
  readonly title: string;
  readonly cause: string;
  /** Open findings with this cause. */
  readonly count: number;
  /** Where a ticket goes: the namespace, or `cluster` for what belongs to nobody's namespace. */
  readonly owner: string;
  readonly fingerprints: readonly string[];
}

/** What was not assessed for one reason, and what would close it. */
export interface ReportNotAssessed {
  readonly kind: Gap['kind'];
  readonly reason: Gap['reason'];
  readonly detail: string;
  readonly closes:
    | { readonly by: 'permission'; readonly permissions: readonly Permission[] }
    | { readonly by: 'flag'; readonly flag: string }
    | { readonly by: 'login' }
    | { readonly by: 'anotherTry' }
    | { readonly by: 'newerProgram' }
    | { readonly by: 'newSnapshot' }
    | { readonly by: 'nobody' };
  readonly checks: readonly string[];
}

export interface ReportFinding {
  readonly fingerprint: string;
  readonly check: string;
  readonly severity: Severity;
  readonly title: string;
  readonly message: string;
  readonly resource: ResourceRef;
  readonly subject?: Subject;
  readonly owner: string;
  readonly cause: string;
  readonly evidence: readonly ReportEvidence[];
  readonly remediation: {
    readonly change: string;
    readonly mayBreak: string;
    /** Commands that make this very finding go away, quoted for a POSIX shell. */
    readonly commands?: readonly string[];
  };
  readonly controls: readonly Control[];
  readonly docs: string;
  readonly origin: 'user' | 'platform' | 'add-on';
  readonly state: 'open' | 'excepted';
}

/** One value that the verdict stands on; `reproduce` is quoted for a POSIX shell. */
export interface ReportEvidence {
  readonly resource?: ResourceRef;
  readonly path: string;
  readonly value: unknown;
  readonly grade: Grade;
  readonly reproduce?: string;
  readonly derivation?: string;
}

export interface ReportCheck {
  readonly id: string;
  readonly family: Family;
  readonly title: string;
  readonly severity: Severity;
  readonly status: CheckStatus;
  /** Targets that were judged. */
  readonly targets: number;
  readonly open: number;
  readonly excepted: number;
  /** Findings of severity info, which leave a check passed. */
  readonly info: number;
  readonly gaps: readonly Gap[];
  readonly unknown: readonly ReportUnknown[];
  readonly error?: string;
  readonly controls: readonly Control[];
  readonly docs: string;
}

export type ReportUnknown = Omit<UnknownResult, 'evidence'> & { readonly evidence: readonly ReportEvidence[] };

export interface ReportException {
  readonly check: string;
  readonly resource: string;
  readonly subject?: string;
  readonly reason: string;
  readonly expires: string;
  readonly expired: boolean;
  /** Findings it covers in this report. */
  readonly matched: number;
}

export interface ReportSource {
  readonly id: string;
  readonly title: string;
  readonly status: 'read' | 'gap';
  /** Items of a list; absent for what is not a list. */
  readonly count?: number;
  readonly gap?: Gap;
  readonly readAt?: string;
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** What the commands of a family show; a view that could not be worked out is a list of gaps. */
export interface ReportViews {
  readonly pki?: PkiView | ViewGaps;
  readonly rbac?: RbacView | ViewGaps;
  readonly rbacPath?: RbacPathView | ViewGaps;
  readonly kubelet?: KubeletView | ViewGaps;
  readonly network?: NetworkView | ViewGaps;
  readonly secrets?: SecretsView | ViewGaps;
  readonly versions?: VersionsView | ViewGaps;
  readonly permissions?: PermissionsView;
  /** The answer to `rbac who-can`. */
  readonly whoCan?: WhoCanView | ViewGaps;
  /** The answer to `rbac access`. */
  readonly access?: AccessView | ViewGaps;
  /** What the API server shows to anybody, before a login. */
  readonly handshake?: HandshakeView | ViewGaps;
}

export interface ViewGaps {
  readonly gaps: readonly Gap[];
}

