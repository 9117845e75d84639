import { identityPrimitives } from './escalation/identities.ts';
import { machineryPrimitives } from './escalation/machinery.ts';
import type { EscalationPrimitive } from './escalation/primitive.ts';
import { subjectPrimitives } from './escalation/subjects.ts';
import { workloadPrimitives } from './escalation/workloads.ts';

/**
 * Known ways from one right to more, or to harm, as of Kubernetes 1.37. Which of them lead on is said by what each
 * gains; the others are facts about a grant.
 */
export const escalationPrimitives: readonly EscalationPrimitive[] = [...identityPrimitives, ...workloadPrimitives, ...machineryPrimitives, ...subjectPrimitives];
